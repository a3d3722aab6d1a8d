"""Where a person's purchases lie among item vectors: their decayed mean, and how near it a further item is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def taste_vectors(people: Ints, count: int, weights: Floats, vectors: npt.NDArray[np.floating]) -> Floats:
    """Returns (count, d) unit vectors: each person's mean of `vectors` (lines, d), weighted by `weights` (lines,).

    `people` (lines,) are numbers below `count`; somebody without lines, or whose lines cancel out, has zeros.
    """
    sums = np.zeros((count, vectors.shape[1]))
    np.add.at(sums, people, vectors * weights[:, None])
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(np.where(length > 1e-12, sums / np.maximum(length, 1e-12), 0.0))
