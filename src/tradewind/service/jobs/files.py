"""Where a job's texts and results lie: two files in a folder of its own that only the service's user may open."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from tradewind.data.files import sync_folder
from tradewind.errors import StoreError

COMING: Final = ".coming-"
"""How the folder of a job is named whose texts are still arriving."""
LOCK_FILE: Final = "runner.lock"
"""Held, and holding the id of, the process that works on jobs."""
LEFT_SECONDS: Final = 3600.0
"""The age from which a folder that no job names is taken away: its caller went while it sent."""


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files of all jobs of a shop under `root`."""

    root: Path

    def texts(self, job_id: str) -> Path:
        """Returns the job's input, gone when the job has ended."""
        return self.root / job_id / "texts.jsonl"

    def results(self, job_id: str) -> Path:
        return self.root / job_id / "results.ndjson"

    @contextmanager
    def coming(self, job_id: str) -> Iterator[BinaryIO]:
        """Yields a file for the texts; the job's folder stands, on disk, when the block ends, and not at all before.

        Raises StoreError when the disk does not take it.
        """
        half = self.root / f"{COMING}{job_id}"
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            half.mkdir(mode=0o700)
            with _private(half / "texts.jsonl") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            half.rename(self.root / job_id)
            sync_folder(self.root)
        except OSError as error:
            raise StoreError(f"the disk did not take the texts: {error.strerror or error}", where="jobs") from error
        finally:
            shutil.rmtree(half, ignore_errors=True)

    @contextmanager
    def going_on(self, job_id: str, written: int) -> Iterator[BinaryIO]:
        """Yields the results to go on writing after `written` bytes; what a killed process wrote beyond is cut off."""
        with _private(self.results(job_id)) as file:
            file.truncate(written)
            file.seek(written)
            yield file

    def ids(self) -> set[str]:
        """Returns the jobs whose files are here, and not on another machine with the same store."""
        return {path.parent.name for path in self.root.glob("[0-9a-f]*/texts.jsonl")}

    def forget_texts(self, job_id: str) -> None:
        self.texts(job_id).unlink(missing_ok=True)

    def remove(self, job_id: str) -> None:
        """Deletes texts and results."""
        shutil.rmtree(self.root / job_id, ignore_errors=True)

    def remove_all_but(self, wanted: Set[str]) -> None:
        """Deletes the folders that belong to none of the jobs `wanted`, but for those that may just be coming."""
        if not self.root.is_dir():
            return
        for folder in [path for path in self.root.iterdir() if path.is_dir() and path.name not in wanted]:
            with suppress(FileNotFoundError):
                if time.time() - folder.stat().st_mtime > LEFT_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def sole(self) -> Iterator[bool]:
        """Yields whether this process is the only one that works on jobs; the system lets go when it ends, however."""
        with self._lock() as lock:
            if lock is not None:
                lock.truncate(0)
                lock.write(str(os.getpid()))
                lock.flush()
            yield lock is not None

    def unattended(self) -> bool:
        """Returns whether nobody works on jobs now."""
        with self._lock() as lock:
            return lock is not None

    @contextmanager
    def _lock(self) -> Iterator[TextIO | None]:
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / LOCK_FILE).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield None
                return
            yield lock


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
