"""What retrieval returns: rows and scores, best first, in an order that never depends on the machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """`rows` (int64) and their `scores` (float32), best first."""

    rows: Rows
    scores: Scores

    def __len__(self) -> int:
        return len(self.rows)

    def top(self, k: int) -> Hits:
        """Returns the first `k` hits."""
        return self if k >= len(self) else Hits(self.rows[: max(k, 0)], self.scores[: max(k, 0)])

    @classmethod
    def of(cls, rows: object, scores: object) -> Hits:
        """Returns hits of anything numpy can read as rows and scores, which must be best first already."""
        return cls(np.asarray(rows, dtype=np.int64), np.asarray(scores, dtype=np.float32))

    @classmethod
    def none(cls) -> Hits:
        """Returns no hits."""
        return cls.of([], [])


def best(rows: Rows, scores: Scores, standing: NDArray[np.int64], k: int) -> Hits:
    """Returns the `k` highest scores; equal scores are ordered by `standing`, lower first."""
    if 0 < k < len(scores) // 2:
        near = np.flatnonzero(scores >= np.partition(scores, len(scores) - k)[len(scores) - k])
        rows, scores, standing = rows[near], scores[near], standing[near]
    order = np.lexsort((standing, -scores))[: max(k, 0)]
    return Hits(rows[order].astype(np.int64, copy=False), scores[order].astype(np.float32, copy=False))
