"""Rows ready for the part of an encoder that still moves: token ids, or what the frozen blocks gave, computed once."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.bi_encoder import BiEncoder, padded
from tradewind.telemetry import Progress

BATCH: Final = 32
_KEPT: Final[ContextVar[Path | None]] = ContextVar("kept states", default=None)


@contextmanager
def states_kept(folder: Path) -> Iterator[None]:
    """Lets the runs inside the block share what frozen blocks gave, in `folder`, which is removed behind it."""
    token = _KEPT.set(folder)
    try:
        yield
    finally:
        _KEPT.reset(token)
        shutil.rmtree(folder, ignore_errors=True)


class RowStates:
    """Token ids of rows; with a `cut` the states below it, in half precision in a file that is mapped, not held.

    The file costs width · 2 bytes a token: 18 kB for a product of 24 tokens at width 384.
    """

    def __init__(
        self, encoder: BiEncoder, ids: Sequence[Sequence[int]], cut: int, file: Path, progress: Progress
    ) -> None:
        self._ids = [torch.tensor(row, dtype=torch.long) for row in ids]
        self.lengths = np.array([len(row) for row in ids], dtype=np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self.cut = cut
        self._states = self._computed(encoder, file, progress) if cut and len(ids) else None

    def __len__(self) -> int:
        return len(self._ids)

    def batch(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns the rows' ids (n, t) or states (n, t, d), padded to the longest, and their mask (n, t)."""
        if self._states is None:
            return padded([self._ids[row] for row in rows])
        cut = [self._states[self._starts[row] : self._starts[row + 1]] for row in rows]
        return padded([torch.from_numpy(np.asarray(part, dtype=np.float32)) for part in cut])

    def in_batches(self, size: int = BATCH) -> list[npt.NDArray[np.int64]]:
        """Returns all row numbers in batches of like length."""
        order = np.argsort(self.lengths, kind="stable").astype(np.int64)
        return [order[start : start + size] for start in range(0, len(order), size)]

    def _computed(self, encoder: BiEncoder, file: Path, progress: Progress) -> npt.NDArray[np.float16]:
        folder = _KEPT.get()
        if folder is None:
            return self._read(encoder, file, progress)
        kept = folder / f"{self._digest(encoder)}.npy"
        if not kept.is_file():
            self._read(encoder, kept.with_suffix(".part"), progress)
            kept.with_suffix(".part").replace(kept)
        shared: npt.NDArray[np.float16] = np.load(kept, mmap_mode="r")
        return shared

    def _digest(self, encoder: BiEncoder) -> str:
        """Names what the states are made of: the weights, where they are cut, and the texts."""
        found = hashlib.sha256(f"{self.cut}".encode())
        for value in encoder.state_dict().values():
            found.update(np.ascontiguousarray(value.detach().cpu().numpy()).data)
        for ids in self._ids:
            found.update(ids.numpy().data)
            found.update(b"/")
        return found.hexdigest()

    def _read(self, encoder: BiEncoder, file: Path, progress: Progress) -> npt.NDArray[np.float16]:
        file.parent.mkdir(parents=True, exist_ok=True)
        shape = (int(self._starts[-1]), encoder.dimension)
        states = np.lib.format.open_memmap(file, "w+", np.float16, shape)
        progress.start("reading texts", len(self._ids))
        for rows in self.in_batches():
            found = encoder.below(*padded([self._ids[row] for row in rows]), self.cut).numpy()
            for row, state in zip(rows, found, strict=True):
                states[self._starts[row] : self._starts[row + 1]] = state[: self.lengths[row]]
            progress.advance(len(rows))
        states.flush()
        return states
