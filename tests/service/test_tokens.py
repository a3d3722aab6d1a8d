"""A user token is believed only when the shop's backend signed it, for this service, for a short while."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from tradewind.errors import AccessError, ConfigError
from tradewind.service.tokens import TokenVerifier, verifier
from tradewind.settings import UserTokenSettings

SIGNER = Ed25519PrivateKey.generate()
PEM = SIGNER.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
SECRET = b"0123456789abcdef0123456789abcdef"


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"sub": "u1", "aud": "tradewind", "iat": now, "exp": now + 600} | changed
    return {name: value for name, value in whole.items() if value is not None}


def signed(headers: dict[str, Any] | None = None, key: Any = SIGNER, algorithm: str = "EdDSA", **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm, headers={"kid": "main"} if headers is None else headers)


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.fixture
def eddsa(tmp_path: Path) -> TokenVerifier:
    (tmp_path / "backend.pem").write_bytes(PEM)
    return verifier(UserTokenSettings(keys={"main": "backend.pem"}), tmp_path)


@pytest.fixture
def hs256(tmp_path: Path) -> TokenVerifier:
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    return verifier(UserTokenSettings(algorithm="HS256", keys={"main": "secret"}), tmp_path)


def test_a_token_of_the_backend_names_its_user(eddsa: TokenVerifier, hs256: TokenVerifier) -> None:
    assert eddsa.subject(signed()) == "u1"
    assert hs256.subject(signed(key=SECRET, algorithm="HS256")) == "u1"


def forged() -> dict[str, str]:
    now = int(time.time())
    other = Ed25519PrivateKey.generate()
    head, body, mark = signed().split(".")
    none = {"alg": "none", "kid": "main"}
    return {
        "alg none": f"{encoded(none)}.{encoded(claims())}.",
        "alg None": f"{encoded(none | {'alg': 'None'})}.{encoded(claims())}.",
        "alg none with a mark": f"{encoded(none)}.{encoded(claims())}.{mark}",
        "hs256 keyed with raw public key": signed(key=SIGNER.public_key().public_bytes_raw(), algorithm="HS256"),
        "hs256 of another secret": signed(key=SECRET, algorithm="HS256"),
        "rs256": signed(key=generate_private_key(65537, 2048), algorithm="RS256"),
        "another signer": signed(key=other),
        "another body": f"{head}.{encoded(claims(sub='u2'))}.{mark}",
        "no mark": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "expired": signed(iat=now - 700, exp=now - 1),
        "expires now": signed(iat=now - 600, exp=now),
        "not yet": signed(nbf=now + 600),
        "from the future": signed(iat=now + 600, exp=now + 900),
        "too long a life": signed(iat=now, exp=now + 3601),
        "old with a long life": signed(iat=now - 86_400, exp=now + 600),
        "backwards": signed(iat=now, exp=now - 10),
        "another audience": signed(aud="shop"),
        "no audience": signed(aud=None),
        "no exp": signed(exp=None),
        "no iat": signed(iat=None),
        "no sub": signed(sub=None),
        "empty sub": signed(sub=""),
        "endless sub": signed(sub="u" * 257),
        "NUL in sub": signed(sub="u\x00"),
        "unknown kid": signed(headers={"kid": "other"}),
        "no kid": signed(headers={}),
        "kid is a path": signed(headers={"kid": "../../dev/null"}),
        "own key by jwk": signed(
            headers={"kid": "x", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": encoded("x")}}, key=other
        ),
        "key address": signed(headers={"kid": "main", "jku": "http://127.0.0.1:1/keys"}, key=other),
        "crit": signed(headers={"kid": "main", "crit": ["exp"], "exp": 1}),
        "nothing": "",
        "noise": "a.b.c",
        "deep": f"{base64.urlsafe_b64encode(b'[' * 2000).decode()}.{body}.{mark}",
        "huge": "a" * 5_000,
        "list": f"{encoded([])}.{body}.{mark}",
        "kid is a list": f"{encoded({'alg': 'EdDSA', 'kid': ['main']})}.{body}.{mark}",
    }


FORGED = forged()


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_expired_or_confused_token_names_nobody(eddsa: TokenVerifier, name: str) -> None:
    with pytest.raises(AccessError):
        eddsa.subject(FORGED[name])


def test_a_public_key_never_serves_as_a_shared_secret(tmp_path: Path) -> None:
    (tmp_path / "backend.pem").write_bytes(PEM)
    by_name = verifier(UserTokenSettings(keys={"main": "backend.pem"}), tmp_path)
    head = encoded({"alg": "HS256", "kid": "main", "typ": "JWT"})
    import hashlib
    import hmac

    body = encoded(claims())
    mark = hmac.new(PEM, f"{head}.{body}".encode(), hashlib.sha256).digest()
    with pytest.raises(AccessError):
        by_name.subject(f"{head}.{body}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}")


def test_an_issuer_is_required_once_it_is_set(tmp_path: Path) -> None:
    (tmp_path / "backend.pem").write_bytes(PEM)
    strict = verifier(UserTokenSettings(keys={"main": "backend.pem"}, issuer="shop"), tmp_path)
    assert strict.subject(signed(iss="shop")) == "u1"
    for wrong in ({}, {"iss": "other"}):
        with pytest.raises(AccessError):
            strict.subject(signed(**wrong))


def test_a_key_that_cannot_be_used_is_named_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"short")
    (tmp_path / "rsa.pem").write_bytes(
        generate_private_key(65537, 2048)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    for algorithm, path in (("HS256", "short"), ("EdDSA", "short"), ("EdDSA", "rsa.pem"), ("EdDSA", "missing.pem")):
        with pytest.raises(ConfigError, match=path):
            verifier(UserTokenSettings(algorithm=algorithm, keys={"main": path}), tmp_path)
