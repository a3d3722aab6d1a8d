"""The private key stays with the publisher; a server needs the public one only."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tradewind.errors import ArtefactError
from tradewind.registry.keys import ensure_keypair, key_id, load_public, signature_holds


def test_the_private_key_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    ensure_keypair(tmp_path / "keys")
    assert stat.S_IMODE((tmp_path / "keys" / "private.pem").stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["private.pem", "public.pem"]


def test_the_same_pair_comes_back(tmp_path: Path) -> None:
    first, second = ensure_keypair(tmp_path), ensure_keypair(tmp_path)
    assert key_id(first.public) == key_id(second.public) == key_id(load_public(tmp_path))
    assert signature_holds(load_public(tmp_path), second.private.sign(b"m"), b"m")
    assert not signature_holds(load_public(tmp_path), second.private.sign(b"m"), b"n")


def test_publishers_that_start_at_once_get_one_pair(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        pairs = list(pool.map(lambda _: ensure_keypair(tmp_path), range(8)))
    assert {key_id(pair.public) for pair in pairs} == {key_id(load_public(tmp_path))}


def test_a_server_with_the_public_half_alone_is_enough(tmp_path: Path) -> None:
    ensure_keypair(tmp_path / "publisher")
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "public.pem").write_bytes((tmp_path / "publisher" / "public.pem").read_bytes())
    assert key_id(load_public(tmp_path / "server")) == key_id(load_public(tmp_path / "publisher"))


def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    ensure_keypair(tmp_path)
    (tmp_path / "private.pem").chmod(0o644)
    with pytest.raises(ArtefactError, match="chmod 600"):
        ensure_keypair(tmp_path)


def test_a_key_that_is_missing_broken_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="no public key"):
        load_public(tmp_path)
    (tmp_path / "public.pem").write_text("nonsense", encoding="utf-8")
    with pytest.raises(ArtefactError, match="not a readable public key"):
        load_public(tmp_path)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    pem = other.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public.pem").write_bytes(pem)
    with pytest.raises(ArtefactError, match="not an Ed25519 key"):
        load_public(tmp_path)
