"""Batches built by length: examples of like length travel together, so that little of a batch is padding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_POOL: Final = 16
"""Batches sorted together: enough to cut padding, few enough that the order stays random."""


def by_length(
    lengths: npt.NDArray[np.integer], *, count: int, size: int, seed: int, apart: Sequence[npt.NDArray[np.integer]] = ()
) -> list[npt.NDArray[np.int64]]:
    """Returns `count` arrays of up to `size` example numbers; epochs follow one another, each in an order of its own.

    `lengths` (n,) are tokens. `apart` are (n,) group codes: no batch holds two examples with the same code in any of
    them, since the one would be a false negative for the other; a negative code goes with anything. An example that
    fits nowhere waits for the next batch. Batches are smaller than `size` only when the examples run out of groups.
    """
    random = np.random.default_rng(seed)
    made: list[npt.NDArray[np.int64]] = []
    while len(lengths) and len(made) < count:
        made += _epoch(lengths, size, random, apart)
    return made[:count]


def _epoch(
    lengths: npt.NDArray[np.integer], size: int, random: np.random.Generator, apart: Sequence[npt.NDArray[np.integer]]
) -> list[npt.NDArray[np.int64]]:
    order = random.permutation(len(lengths))
    batches: list[npt.NDArray[np.int64]] = []
    for start in range(0, len(order), size * _POOL):
        pool = order[start : start + size * _POOL]
        batches += _split(pool[np.argsort(lengths[pool], kind="stable")], size, apart)
    return [batches[place] for place in random.permutation(len(batches))]


def _split(
    ordered: npt.NDArray[np.int64], size: int, apart: Sequence[npt.NDArray[np.integer]]
) -> list[npt.NDArray[np.int64]]:
    waiting = ordered.tolist()
    batches = []
    while waiting:
        batch, waiting = _fill(waiting, size, apart)
        batches.append(np.array(batch, dtype=np.int64))
    return batches if len(batches) == 1 else [batch for batch in batches if len(batch) * 2 > size] or batches[:1]


def _fill(waiting: list[int], size: int, apart: Sequence[npt.NDArray[np.integer]]) -> tuple[list[int], list[int]]:
    batch: list[int] = []
    later: list[int] = []
    taken: set[tuple[int, int]] = set()
    for place, example in enumerate(waiting):
        if len(batch) == size:
            return batch, later + waiting[place:]
        marks = {(kind, int(codes[example])) for kind, codes in enumerate(apart) if codes[example] >= 0}
        if taken.isdisjoint(marks):
            batch.append(example)
            taken |= marks
        else:
            later.append(example)
    return batch, later
