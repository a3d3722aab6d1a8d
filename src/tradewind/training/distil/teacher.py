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

from tradewind.errors import ModelError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.checkpoint import WEIGHTS_FILE
from tradewind.runtime.bundle import FACTS_FILE, EncoderFacts
from tradewind.runtime.opening import open_encoder
from tradewind.tasks.scoring import Encode, Role
from tradewind.telemetry import Progress, SilentProgress

Floats = npt.NDArray[np.float32]
_CHUNK = 256


class Teacher(Protocol):
    """A folder and what goes before a text in each role: a checkpoint, or the bundle that was exported from one, which
    reads many times faster and gives the vectors that its student will be asked for."""

    @property
    def folder(self) -> Path: ...

    @property
    def prefixes(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class TeacherFolder:
    """A teacher by its folder."""

    folder: Path
    prefixes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Reader:
    dimension: int
    encode: Encode


@dataclass(frozen=True, slots=True)
class Taught:
    """Unit vectors of distinct texts in one role, mapped from disk: `rows` says which row of `vectors` is a text's."""

    texts: tuple[str, ...]
    vectors: Floats
    rows: Mapping[str, int] = field(repr=False)

    def of(self, texts: Sequence[str]) -> Floats:
        """Returns the vectors (m, d) of `texts`, in their order."""
        return np.asarray(self.vectors[[self.rows[text] for text in texts]])


def teacher_vectors(
    teacher: Teacher,
    texts: Mapping[Role, Sequence[str]],
    folder: Path,
    max_tokens: int,
    progress: Progress,
    workers: int = 1,
) -> dict[Role, Taught]:
    """Returns the teacher's vectors of `texts` by role, a bundle's by `workers` threads.

    `folder` keeps them for a run with the same teacher and texts, and what an interrupted run has read of them.

    Vectors of the role together are as the transformer gives them: a role's map comes after it, in student as in
    teacher, so that a bundle, which has the map in it, teaches the other roles only. Raises ModelError when the teacher
    is neither a checkpoint nor a bundle that reads as many tokens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {role: folder / f"{role}-{_key(teacher, role, found, max_tokens)}.npy" for role, found in texts.items()}
    missing = [role for role, path in paths.items() if not path.is_file()]
    progress.start("reading with the teacher", sum(len(texts[role]) for role in missing))
    reader = _reader(teacher, missing, max_tokens, workers) if missing else None
    for role in missing:
        assert reader is not None  # noqa: S101
        _write(reader, texts[role], role, paths[role], progress)
    return {role: _taught(tuple(found), paths[role]) for role, found in texts.items()}


def _reader(teacher: Teacher, roles: Sequence[Role], max_tokens: int, workers: int) -> _Reader:
    if not _is_bundle(teacher.folder):
        encoder = load_bi_encoder(teacher.folder, prefixes=teacher.prefixes, max_tokens=max_tokens)
        encoder.together = None
        return _Reader(encoder.dimension, encoder.encode)
    if "together" in roles:
        raise ModelError("a bundle cannot teach the role together", where=str(teacher.folder))
    facts = EncoderFacts.read(teacher.folder)
    if facts.max_tokens != max_tokens:
        raise ModelError(f"the bundle reads {facts.max_tokens} tokens, not {max_tokens}", where=str(teacher.folder))
    bundle = open_encoder(teacher.folder)
    return _Reader(bundle.dimension, lambda texts, role: bundle.encode_each(texts, role, workers, SilentProgress()))


def _is_bundle(folder: Path) -> bool:
    return (folder / FACTS_FILE).is_file()


def _write(reader: _Reader, texts: Sequence[str], role: Role, path: Path, progress: Progress) -> None:
    part = path.with_suffix(".part")
    out = _begun(part, (len(texts), reader.dimension))
    unread = np.flatnonzero(~out.any(axis=1))
    progress.advance(len(texts) - len(unread))
    order = sorted(unread.tolist(), key=lambda row: len(texts[row]))
    for start in range(0, len(order), _CHUNK):
        rows = order[start : start + _CHUNK]
        out[rows] = reader.encode([texts[row] for row in rows], role)
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
    weights = (teacher.folder / (FACTS_FILE if _is_bundle(teacher.folder) else WEIGHTS_FILE)).stat()
    told = [str(teacher.folder.resolve()), weights.st_size, weights.st_mtime_ns, teacher.prefixes[role], max_tokens]
    digest = hashlib.sha256(json.dumps(told).encode())
    digest.update("\n".join(texts).encode("utf-8", "replace"))
    return digest.hexdigest()[:20]
