"""What `up` has finished: a small file that survives a kill at any moment, so that no work is done twice."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tradewind.errors import ConfigError, StoreError


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished step: what it was made from (a fingerprint), what came out, and how long it took.

    `revision` is that of the step that made it, `inputs` the fingerprint of each input by name.
    """

    fingerprint: str
    outputs: dict[str, Any]
    seconds: float
    revision: int = 1
    inputs: dict[str, str] = field(default_factory=dict)


class Ledger:
    """The finished steps of one shop, in a JSON file that is replaced whole."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entry(self, step: str) -> Entry | None:
        """Returns the last finished run of `step`, or None."""
        found = self._read().get(step)
        known = {part.name for part in fields(Entry)}
        return Entry(**{name: value for name, value in found.items() if name in known}) if found else None

    def record(self, step: str, entry: Entry) -> None:
        """Remembers a finished step; the file is complete before and after, never between."""
        entries = self._read() | {step: asdict(entry)}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".tmp")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._path.exists():
            return {}
        try:
            loaded: dict[str, dict[str, Any]] = json.loads(self._path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise StoreError(
                f"the list of finished steps cannot be read: {error}",
                where=str(self._path),
                hint="take the file away: every step then runs again, and the store keeps what it holds",
            ) from None
        return loaded


def fingerprint(inputs: dict[str, Any]) -> str:
    """Returns a hex digest that changes when anything in `inputs` (JSON values) does."""
    written = json.dumps(inputs, sort_keys=True, default=str)
    return hashlib.sha256(written.encode("utf-8")).hexdigest()[:20]


@contextmanager
def sole_builder(folder: Path) -> Iterator[None]:
    """Holds the shop's build lock; the kernel frees it when the process dies.

    Raises ConfigError when another process is building the same shop.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                "another process is building this shop", where=str(folder), hint="wait for it, or stop it"
            ) from None
        yield
