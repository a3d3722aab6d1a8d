"""Which pictures look alike, and how often what looks alike is of the same kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


def nearest(vectors: Vectors, k: int) -> Rows:
    """Returns (n, min(k, n − 1)) the rows nearest to each of the unit `vectors` (n, d), itself left out, best first."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1, kind="stable")[:, : min(k, len(vectors) - 1)].astype(np.int64)


def same_label_share(neighbours: Rows, labels: Sequence[str]) -> float:
    """Returns the mean share of a picture's neighbours that have its own label; 0 without any neighbour."""
    column = np.asarray(labels)
    return float((column[neighbours] == column[:, None]).mean()) if neighbours.size else 0.0


def chance_share(labels: Sequence[str]) -> float:
    """Returns the share that neighbours drawn at random would have: the mean of (count of its label − 1) / (n − 1)."""
    if len(labels) < 2:
        return 0.0
    return sum(count * (count - 1) for count in Counter(labels).values()) / (len(labels) * (len(labels) - 1))
