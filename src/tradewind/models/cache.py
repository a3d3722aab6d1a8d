"""The folder of converted weights that all shops of a machine share: each entry is made once, whole or not at all.

`<cache>/weights/<key>/` holds a checkpoint and `source.json`, which says where it came from. An entry is made in a
folder beside its place and renamed into it, under a file lock, so that processes that want the same entry at the same
time wait for the first of them, and one that is killed leaves nothing that another would take for whole.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tradewind.errors import ModelError
from tradewind.models.lock import sha256_of

FACTS_FILE: Final = "source.json"


def default_cache() -> Path:
    """Returns `$TRADEWIND_CACHE`, or `~/.cache/tradewind`."""
    named = os.environ.get("TRADEWIND_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "tradewind"


def stored_once(cache: Path, key: str, make: Callable[[Path], dict[str, Any]]) -> tuple[Path, dict[str, Any]]:
    """Returns the folder of entry `key` and its facts, having `make(folder)` fill it when it is not there or damaged.

    `make` gets an empty folder and returns facts to keep; the size and sha256 of every file are added to them.
    Raises ModelError when the cache cannot be written.
    """
    entry = cache / "weights" / key
    try:
        with _locked(entry):
            facts = _facts_if_whole(entry)
            return entry, facts if facts is not None else _made(entry, make)
    except OSError as error:
        raise ModelError(
            f"the converted weights cannot be kept: {error.strerror or error}",
            where=str(entry),
            hint="set TRADEWIND_CACHE to a folder with space that may be written",
        ) from error


@contextmanager
def _locked(entry: Path) -> Iterator[None]:
    entry.parent.mkdir(parents=True, exist_ok=True)
    with entry.with_name(f".{entry.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _made(entry: Path, make: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    making = entry.with_name(f".{entry.name}.making")
    for stale in (making, entry):
        if stale.exists():
            shutil.rmtree(stale)
    making.mkdir()
    facts = make(making)
    facts["files"] = {path.name: [path.stat().st_size, sha256_of(path)] for path in sorted(making.iterdir())}
    (making / FACTS_FILE).write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    making.rename(entry)
    return facts


def _facts_if_whole(entry: Path) -> dict[str, Any] | None:
    """A file that was altered or cut short since it was written makes the whole entry be made again."""
    try:
        facts: dict[str, Any] = json.loads((entry / FACTS_FILE).read_text(encoding="utf-8"))
        for name, (size, digest) in facts["files"].items():
            if (entry / name).stat().st_size != size or sha256_of(entry / name) != digest:
                return None
    except (OSError, ValueError, KeyError):
        return None
    return facts
