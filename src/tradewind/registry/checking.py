"""Holding a version against its signed manifest, byte by byte."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradewind.errors import ArtefactError
from tradewind.registry.allowed import check_allowed, is_tolerated
from tradewind.registry.disk import plain_files, read_plain, sha256_of
from tradewind.registry.keys import PublicKey, key_id, signature_holds
from tradewind.registry.layout import MANIFEST_FILE, SIGNATURE_FILE
from tradewind.registry.manifest import FileEntry, Manifest, read_manifest

MAX_MANIFEST: Final = 32 << 20
OWN_FILES: Final = frozenset({MANIFEST_FILE, SIGNATURE_FILE})


def check_whole(path: Path, kind: str, name: str, version: str, public_key: PublicKey) -> Manifest:
    """Returns the manifest in `path` after checking its signature, every file, and that there is no other file.

    Raises ArtefactError naming the file and the reason.
    """
    manifest = signed_manifest(path, kind, name, version, public_key)
    present = plain_files(path)
    unlisted = [file for file in present if file not in manifest.files and file not in OWN_FILES]
    for file in unlisted:
        if not is_tolerated(kind, file, present[file]):
            raise ArtefactError("a file that the manifest does not list", where=str(present[file]))
    for file, entry in manifest.files.items():
        if file.startswith("/") or ".." in file.split("/"):
            raise ArtefactError("a path outside the artefact", where=f"{path}: {file}")
        _check_file(kind, file, path / file, entry, listed=file in present)
    return manifest


def signed_manifest(path: Path, kind: str, name: str, version: str, public_key: PublicKey) -> Manifest:
    """Returns the manifest in `path`, which was signed for this very place. Raises ArtefactError."""
    raw = _own_file(path / MANIFEST_FILE, "there is no manifest")
    signature = _own_file(path / SIGNATURE_FILE, "the manifest is not signed")
    if not signature_holds(public_key, signature, raw):
        raise ArtefactError(
            "the signature does not hold: altered, or signed by another key",
            where=str(path / MANIFEST_FILE),
            hint=f"expected the key {key_id(public_key)}",
        )
    manifest = read_manifest(raw, where=str(path / MANIFEST_FILE))
    if (manifest.kind, manifest.name, manifest.version) != (kind, name, version):
        raise ArtefactError(
            f"the manifest is that of {manifest.kind}/{manifest.name}/{manifest.version}", where=str(path)
        )
    return manifest


def _own_file(path: Path, absent: str) -> bytes:
    if not path.is_symlink() and not path.exists():
        raise ArtefactError(absent, where=str(path))
    return read_plain(path, MAX_MANIFEST)


def _check_file(kind: str, file: str, path: Path, entry: FileEntry, *, listed: bool) -> None:
    if not listed:
        raise ArtefactError("a file that the manifest lists is not there", where=str(path))
    check_allowed(kind, file, path)
    if path.stat().st_size != entry.size or sha256_of(path) != entry.sha256:
        raise ArtefactError("the file was altered after it was signed", where=str(path))
