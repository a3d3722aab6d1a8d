"""The key pair that signs artefacts: the private half stays with the publisher, servers hold the public one."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tradewind.errors import ArtefactError
from tradewind.registry.disk import sync_folder, write_new

PrivateKey = Ed25519PrivateKey
PublicKey = Ed25519PublicKey

PRIVATE_FILE: Final = "private.pem"
PUBLIC_FILE: Final = "public.pem"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both halves of a signing key."""

    private: PrivateKey
    public: PublicKey


def ensure_keypair(folder: Path) -> KeyPair:
    """Returns the key pair in `folder`, made on first use: private.pem (mode 0600) and public.pem.

    Two publishers that start at once end with the same pair. Raises ArtefactError when the private key can be read by
    others, or when a file there is not an Ed25519 key.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private_path = folder / PRIVATE_FILE
    if not private_path.exists():
        _place(private_path, _private_pem(PrivateKey.generate()), 0o600)
    private = _read_private(private_path)
    if not (folder / PUBLIC_FILE).exists():
        _place(folder / PUBLIC_FILE, _public_pem(private.public_key()), 0o644)
    return KeyPair(private, private.public_key())


def load_public(folder: Path) -> PublicKey:
    """Returns the public key in `folder`. Raises ArtefactError when there is none, or it is no Ed25519 key."""
    path = folder / PUBLIC_FILE
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except FileNotFoundError:
        raise ArtefactError("there is no public key", where=str(path), hint="copy it from the publisher") from None
    except (ValueError, OSError) as error:
        raise ArtefactError(f"not a readable public key: {error}", where=str(path)) from None
    if not isinstance(key, Ed25519PublicKey):
        raise ArtefactError("the public key is not an Ed25519 key", where=str(path))
    return key


def key_id(public: PublicKey) -> str:
    """Returns 16 hexadecimal digits that name a public key."""
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def signature_holds(public: PublicKey, signature: bytes, message: bytes) -> bool:
    """Returns whether `signature` (64 bytes) was made over `message` by the other half of `public`."""
    try:
        public.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _read_private(path: Path) -> PrivateKey:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ArtefactError("others can read the private key", where=str(path), hint=f"chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise ArtefactError(f"not a readable private key: {error}", where=str(path)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ArtefactError("the private key is not an Ed25519 key", where=str(path))
    return key


def _private_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _place(path: Path, content: bytes, mode: int) -> None:
    """Puts a whole file at `path` unless somebody else was first."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    write_new(draft, content, mode)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    sync_folder(path.parent)
