"""Which version serves: one small file for each artefact, moved by atomic rename, with its own history."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tradewind.errors import ArtefactError, NotFoundError
from tradewind.registry.artefacts import load
from tradewind.registry.disk import locked, read_plain, replace_file
from tradewind.registry.keys import PublicKey
from tradewind.registry.layout import POINTER_FILE, home, place

MAX_POINTER: Final = 4 << 20
KEPT_MOVES: Final = 1000


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    time: datetime
    action: Literal["promote", "rollback"]
    version: str


class _Pointer(BaseModel):
    """`serving` is a stack: its last version serves, a rollback takes it off. `moves` is every move, oldest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    serving: list[str] = []
    moves: list[_Entry] = []


@dataclass(frozen=True, slots=True)
class Move:
    """One move of a pointer; `version` is the one that serves since."""

    time: datetime
    action: Literal["promote", "rollback"]
    version: str


def promote(root: Path, kind: str, name: str, version: str, public_key: PublicKey | None = None) -> None:
    """Makes `version` the one that serves. With a public key every byte of it is checked first.

    Raises NotFoundError or ArtefactError, and then the old version goes on serving.
    """
    if public_key is None:
        place(root, kind, name, version)
    else:
        load(root, kind, name, version, public_key)
    folder = home(root, kind, name)
    with locked(folder):
        pointer = _read(folder)
        if pointer.serving[-1:] != [version]:
            _move(folder, pointer, [*pointer.serving, version], "promote")


def rollback(root: Path, kind: str, name: str) -> str:
    """Makes the version that served before the present one serve again, and returns it.

    Called again, it goes one more step back. Raises NotFoundError when there is no earlier version, or it was deleted.
    """
    folder = home(root, kind, name)
    if not folder.is_dir():
        raise NotFoundError("nothing was published under this name", where=f"{kind}/{name}")
    with locked(folder):
        pointer = _read(folder)
        if len(pointer.serving) < 2:
            raise NotFoundError("there is no earlier version to go back to", where=f"{kind}/{name}")
        place(root, kind, name, pointer.serving[-2])
        _move(folder, pointer, pointer.serving[:-1], "rollback")
    return pointer.serving[-2]


def current(root: Path, kind: str, name: str) -> str | None:
    """Returns the version that serves, or None when none was ever promoted.

    Raises ArtefactError for a pointer that cannot be read.
    """
    serving = _read(home(root, kind, name)).serving
    return serving[-1] if serving else None


def history(root: Path, kind: str, name: str) -> list[Move]:
    """Returns the pointer's moves, oldest first; the last 1,000 are kept."""
    moves = _read(home(root, kind, name)).moves
    return [Move(move.time, move.action, move.version) for move in moves]


def _read(folder: Path) -> _Pointer:
    path = folder / POINTER_FILE
    if not path.is_symlink() and not path.exists():
        return _Pointer()
    try:
        return _Pointer.model_validate_json(read_plain(path, MAX_POINTER))
    except ValidationError:
        raise ArtefactError("not a pointer", where=str(path), hint="promote a version to write it anew") from None


def _move(folder: Path, old: _Pointer, serving: list[str], action: Literal["promote", "rollback"]) -> None:
    entry = _Entry(time=datetime.now(UTC), action=action, version=serving[-1])
    pointer = _Pointer(serving=serving[-KEPT_MOVES:], moves=[*old.moves, entry][-KEPT_MOVES:])
    content: Any = pointer.model_dump(mode="json")
    replace_file(folder / POINTER_FILE, json.dumps(content, indent=1).encode() + b"\n")
