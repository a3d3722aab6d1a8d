"""Files that are on the disk when a call returns, and folders read without following a link."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tradewind.errors import ArtefactError


def write_new(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Writes a file that must not exist yet, and returns after it is on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Puts `content` at `path` in one step: a reader sees the old file or the new one, whole, even after a crash."""
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        write_new(draft, content)
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Returns after the folder's own list of names is on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, and returns after their names are on the disk."""
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for step in missing:
        sync_folder(step.parent)


@contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[bool]:
    """Holds the only lock on a folder, and yields whether it was got; a process that dies lets go of it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def plain_files(folder: Path) -> dict[str, Path]:
    """Returns every file under `folder` by its relative path with forward slashes, sorted.

    Raises ArtefactError naming the first entry that is neither a plain file nor a folder: a link, a pipe, a socket.
    """
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder):
        for name in sorted((*folders, *names)):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                raise ArtefactError("a symbolic link is refused", where=str(path))
            if stat.S_ISREG(mode):
                found[path.relative_to(folder).as_posix()] = path
            elif not stat.S_ISDIR(mode):
                raise ArtefactError("neither a file nor a folder", where=str(path))
    return dict(sorted(found.items()))


def open_plain(path: Path) -> int:
    """Returns a descriptor for reading a plain file, never through a link. Raises ArtefactError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise ArtefactError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArtefactError("not a plain file", where=str(path))
    return descriptor


def read_plain(path: Path, limit: int) -> bytes:
    """Returns a small plain file whole. Raises ArtefactError when it is longer than `limit` bytes."""
    with os.fdopen(open_plain(path), "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ArtefactError(f"longer than {limit} bytes", where=str(path))
    return content


def sha256_of(path: Path) -> str:
    """Returns the sha256 of a plain file in hexadecimal, read in large blocks and never whole into memory."""
    with os.fdopen(open_plain(path), "rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_synced(source: Path, target: Path) -> None:
    """Copies a plain file to a new read-only one that is on the disk when the call returns."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(open_plain(source), "rb") as reading, target.open("xb") as writing:
        shutil.copyfileobj(reading, writing, 4 << 20)
        writing.flush()
        os.fchmod(writing.fileno(), 0o444)
        os.fsync(writing.fileno())
