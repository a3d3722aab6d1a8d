"""Publishing an artefact in one step, and opening one only after every byte of it was checked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

from tradewind.errors import ArtefactError
from tradewind.registry.allowed import check_allowed, is_tolerated
from tradewind.registry.checking import OWN_FILES, check_whole, signed_manifest
from tradewind.registry.disk import (
    copy_synced,
    locked,
    make_folder,
    plain_files,
    sha256_of,
    sync_folder,
    write_new,
)
from tradewind.registry.keys import PrivateKey, PublicKey, key_id
from tradewind.registry.layout import INCOMING, MANIFEST_FILE, SIGNATURE_FILE, home, place
from tradewind.registry.manifest import FileEntry, Manifest, ManifestFacts, canonical, library_versions


@dataclass(frozen=True, slots=True)
class Artefact:
    """A published version; `path` is the folder that holds its files."""

    kind: str
    name: str
    version: str
    path: Path
    manifest: Manifest

    @property
    def reference(self) -> str:
        return f"{self.kind}/{self.name}/{self.version}"

    @property
    def manifest_sha256(self) -> str:
        return hashlib.sha256(self.manifest.to_bytes()).hexdigest()


def publish(root: Path, kind: str, name: str, files: Path, facts: ManifestFacts, key: PrivateKey) -> Artefact:
    """Copies `files` into the registry as a new signed version and returns it; no pointer moves.

    The version is the time in UTC and a short hash of content and facts. All or nothing: the folder is copied, put on
    the disk, signed, read back and checked under a hidden name, then renamed. A publisher that is killed leaves nothing
    that a reader can see. Raises ArtefactError naming the file that may not be published, or what the disk refused.
    """
    folder = home(root, kind, name)
    try:
        make_folder(folder)
        with _incoming(folder) as draft:
            _copy(kind, files, draft)
            manifest = _describe(kind, name, draft, facts, key)
            _sign(draft, manifest, key)
            check_whole(draft, kind, name, manifest.version, key.public_key())
            target = folder / manifest.version
            draft.rename(target)
        sync_folder(folder)
    except OSError as error:
        raise ArtefactError(f"could not be published: {error.strerror or error}", where=f"{kind}/{name}") from error
    return Artefact(kind, name, manifest.version, target, manifest)


def load(root: Path, kind: str, name: str, version: str, public_key: PublicKey) -> Artefact:
    """Returns the artefact after checking its signature and the sha256 of every file.

    Raises NotFoundError when there is no such version, ArtefactError naming the file and the reason when it is
    unsigned, signed by somebody else, altered, incomplete, or holds a file that no manifest lists, a link, a pickle or
    anything else that artefacts of this kind may not hold.
    """
    path = place(root, kind, name, version)
    return Artefact(kind, name, version, path, check_whole(path, kind, name, version, public_key))


def inspect(root: Path, kind: str, name: str, version: str, public_key: PublicKey) -> Artefact:
    """Returns the artefact after checking its signature only: enough to list it, not enough to run it."""
    path = place(root, kind, name, version)
    return Artefact(kind, name, version, path, signed_manifest(path, kind, name, version, public_key))


def _copy(kind: str, files: Path, draft: Path) -> None:
    if files.is_symlink() or not files.is_dir():
        raise ArtefactError("not a folder of files to publish", where=str(files))
    for name, path in plain_files(files).items():
        if is_tolerated(kind, name, path):
            continue
        if name in OWN_FILES:
            raise ArtefactError("a name that the registry keeps for itself", where=str(path))
        check_allowed(kind, name, path)
        copy_synced(path, draft / name)


def _describe(kind: str, name: str, draft: Path, facts: ManifestFacts, key: PrivateKey) -> Manifest:
    entries = {
        file: FileEntry(sha256=sha256_of(path), size=path.stat().st_size) for file, path in plain_files(draft).items()
    }
    if not entries:
        raise ArtefactError("there is no file to publish", where=f"{kind}/{name}")
    said = {field: getattr(facts, field) for field in ManifestFacts.__slots__} | {"parents": list(facts.parents)}
    content = hashlib.sha256(canonical([said, {file: entry.sha256 for file, entry in entries.items()}])).hexdigest()
    now = datetime.now(UTC)
    return Manifest(
        kind=kind,
        name=name,
        version=f"{now:%Y%m%dT%H%M%S.%fZ}-{content[:12]}",
        created=now.isoformat(),
        signer=key_id(key.public_key()),
        size=sum(entry.size for entry in entries.values()),
        files=entries,
        libraries=library_versions(),
        **said,
    )


def _sign(draft: Path, manifest: Manifest, key: PrivateKey) -> None:
    raw = manifest.to_bytes()
    write_new(draft / MANIFEST_FILE, raw, 0o444)
    write_new(draft / SIGNATURE_FILE, key.sign(raw), 0o444)
    for parent, _, _ in os.walk(draft, topdown=False):
        sync_folder(Path(parent))


@contextmanager
def _incoming(folder: Path) -> Iterator[Path]:
    """Yields an empty hidden folder that only this call holds, and clears away what dead publishers left."""
    draft = folder / f"{INCOMING}{os.urandom(8).hex()}"
    with locked(folder):
        _sweep(folder)
        draft.mkdir()
        holding = locked(draft)
        holding.__enter__()
    try:
        yield draft
    except BaseException:
        rmtree(draft, ignore_errors=True)
        raise
    finally:
        holding.__exit__(None, None, None)


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{INCOMING}*"):
        with locked(left, wait=False) as abandoned:
            if abandoned:
                rmtree(left, ignore_errors=True)
