"""The teacher's vectors, computed once into files that a run maps, and found there by the next one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.models.checkpoint import WEIGHTS_FILE
from tradewind.tasks.scoring import Role
from tradewind.telemetry import Progress

Floats = npt.NDArray[np.float32]
_CHUNK = 256


class Teacher(Protocol):
    """A checkpoint folder and what goes before a text in each role."""

    @property
    def folder(self) -> Path: ...

    @property
    def prefixes(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Taught:
    """Unit vectors of distinct texts in one role: `vectors` (n, d), mapped from disk."""

    texts: tuple[str, ...]
    vectors: Floats
    rows: Mapping[str, int] = field(repr=False)

    def of(self, texts: Sequence[str]) -> Floats:
        """Returns the vectors (m, d) of `texts`, in their order."""
        return np.asarray(self.vectors[[self.rows[text] for text in texts]])


def teacher_vectors(
    teacher: Teacher, texts: Mapping[Role, Sequence[str]], folder: Path, max_tokens: int, progress: Progress
) -> dict[Role, Taught]:
    """Returns the teacher's vectors of `texts` by role; `folder` keeps them for a run with the same teacher and texts,
    and what an interrupted run has read of them.

    Vectors of the role together are as the transformer gives them: a role's map comes after it, in student as in
    teacher. Raises ModelError when the teacher is not a checkpoint.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {role: folder / f"{role}-{_key(teacher, role, found, max_tokens)}.npy" for role, found in texts.items()}
    missing = [role for role, path in paths.items() if not path.is_file()]
    progress.start("reading with the teacher", sum(len(texts[role]) for role in missing))
    encoder = load_bi_encoder(teacher.folder, prefixes=teacher.prefixes, max_tokens=max_tokens) if missing else None
    for role in missing:
        assert encoder is not None  # noqa: S101
        encoder.together = None
        _write(encoder, texts[role], role, paths[role], progress)
    return {role: _taught(tuple(found), paths[role]) for role, found in texts.items()}


def _write(encoder: BiEncoder, texts: Sequence[str], role: Role, path: Path, progress: Progress) -> None:
    part = path.with_suffix(".part")
    out = _begun(part, (len(texts), encoder.dimension))
    unread = np.flatnonzero(~out.any(axis=1))
    progress.advance(len(texts) - len(unread))
    order = sorted(unread.tolist(), key=lambda row: len(texts[row]))
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        out[rows] = encoder.encode([texts[row] for row in rows], role)
        progress.advance(len(rows))
    del out
    part.rename(path)


def _begun(part: Path, shape: tuple[int, int]) -> Floats:
    """Returns the mapped file, a row of zeros where no text was read yet: no unit vector is one."""
    try:
        found: Floats = np.lib.format.open_memmap(part, mode="r+")
        if found.shape == shape:
            return found
    except (OSError, ValueError):
        pass
    return np.asanyarray(np.lib.format.open_memmap(part, mode="w+", dtype=np.float32, shape=shape))


def _taught(texts: tuple[str, ...], path: Path) -> Taught:
    vectors: Floats = np.load(path, mmap_mode="r")
    return Taught(texts, vectors, {text: row for row, text in enumerate(texts)})


def _key(teacher: Teacher, role: Role, texts: Sequence[str], max_tokens: int) -> str:
    weights = (teacher.folder / WEIGHTS_FILE).stat()
    told = [str(teacher.folder.resolve()), weights.st_size, weights.st_mtime_ns, teacher.prefixes[role], max_tokens]
    digest = hashlib.sha256(json.dumps(told).encode())
    digest.update("\n".join(texts).encode("utf-8", "replace"))
    return digest.hexdigest()[:20]
