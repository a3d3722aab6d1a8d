"""User tokens: a short-lived JWT, signed by the shop's backend, is the only thing that names a user.

The algorithm is the shop's setting. A token's own `alg` must equal it, `kid` must be a key of the setting, and
addresses of keys inside a token (`jku`, `x5u`) are never read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tradewind.errors import AccessError, ConfigError
from tradewind.settings import UserTokenSettings

LONGEST_SECONDS: Final = 3600
CLOCK_SECONDS: Final = 60
"""How far ahead the backend's clock may run."""
LONGEST_SUBJECT: Final = 256
LONGEST_TOKEN: Final = 4096
SHORTEST_SECRET: Final = 32

Key = Ed25519PublicKey | bytes


@dataclass(frozen=True, slots=True)
class TokenVerifier:
    """Verifies tokens of one algorithm, for one audience."""

    algorithm: str
    audience: str
    issuer: str | None
    keys: Mapping[str, Key]

    def subject(self, token: str) -> str:
        """Returns the shop's own user id that `token` names. Raises AccessError saying what is wrong with it."""
        key = self.keys.get(key_id(token))
        if key is None:
            raise AccessError(
                "the user token names no key of this shop", hint="its `kid` must be in serve.user_tokens.keys"
            )
        claims = self._claims(token, key)
        _check_lifetime(claims)
        subject = claims["sub"]
        if not 0 < len(subject) <= LONGEST_SUBJECT or "\x00" in subject:
            raise AccessError(f"the user token's sub must have 1 to {LONGEST_SUBJECT} characters")
        return str(subject)

    def _claims(self, token: str, key: Key) -> dict[str, Any]:
        required = ["sub", "aud", "iat", "exp"] + (["iss"] if self.issuer else [])
        try:
            return jwt.decode(
                token,
                key,
                algorithms=[self.algorithm],
                audience=self.audience,
                issuer=self.issuer,
                options={"require": required, "verify_iat": False},
            )
        except jwt.ExpiredSignatureError:
            raise AccessError("the user token has expired") from None
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise AccessError("the user token is not valid here") from None


def verifier(settings: UserTokenSettings, root: Path) -> TokenVerifier:
    """Returns the verifier that `shop.yaml` asks for. Raises ConfigError for a key that is missing or not its kind."""
    read = _public_key if settings.algorithm == "EdDSA" else _secret
    keys = {kid: read(root / path) for kid, path in settings.keys.items()}
    return TokenVerifier(settings.algorithm, settings.audience, settings.issuer, keys)


def key_id(token: str) -> str:
    """Returns the key id that `token` claims, unverified; "" for none. Raises AccessError for what is no token."""
    if len(token) > LONGEST_TOKEN:
        raise AccessError(f"a user token may have {LONGEST_TOKEN} characters at most")
    try:
        kid = jwt.get_unverified_header(token).get("kid", "")
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise AccessError("the user token is not valid here") from None
    return kid if isinstance(kid, str) else ""


def _check_lifetime(claims: Mapping[str, Any]) -> None:
    issued, expires = claims["iat"], claims["exp"]
    if not isinstance(issued, int | float) or not isinstance(expires, int | float):
        raise AccessError("the user token's iat and exp must be numbers")
    if issued > time.time() + CLOCK_SECONDS:
        raise AccessError("the user token was issued in the future")
    if not 0 < expires - issued <= LONGEST_SECONDS:
        raise AccessError(f"a user token may live {LONGEST_SECONDS} seconds at most")


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(_bytes_of(path))
    except ValueError:
        raise ConfigError("not a public key in PEM", where=str(path)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError("not an Ed25519 public key", where=str(path))
    return key


def _secret(path: Path) -> bytes:
    secret = _bytes_of(path).strip()
    if len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"a shared secret needs {SHORTEST_SECRET} bytes or more", where=str(path))
    return secret


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read the user-token key: {error.strerror}", where=str(path)) from None
