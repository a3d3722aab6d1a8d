"""Vectors in one byte a component for finding, and in two for scoring."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def unit_length(vectors: NDArray[Any]) -> Vectors:
    """Returns the rows of `vectors` (n, d) at length 1, float32; a row that has none, or holds no number, is zero."""
    rows = np.asarray(vectors, dtype=np.float32)
    rows = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, np.float32(0))
    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True, dtype=np.float32))
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0), dtype=np.float32)


def to_int8(vectors: NDArray[Any]) -> NDArray[np.int8]:
    """Returns the rows of `vectors` with their largest component at ±127.

    Every row has a scale of its own, which a cosine does not see; a common scale would leave a 384-component unit
    vector about six steps per component.
    """
    rows = np.asarray(vectors, dtype=np.float32)
    peaks = np.abs(rows).max(axis=1, keepdims=True)
    scaled = np.divide(rows * 127.0, peaks, out=np.zeros_like(rows), where=peaks > 0)
    return np.asarray(np.rint(scaled), dtype=np.int8)


def exact_scores(vectors: NDArray[Any], query: Vectors) -> NDArray[np.float32]:
    """Returns the inner product of every row of `vectors` (n, d) with `query` (d,), float32.

    Each row is summed by itself, so its score is the same bit for bit whichever rows stand beside it.
    """
    products = vectors.astype(np.float32, copy=False) * query
    return np.asarray(products.sum(axis=1, dtype=np.float32), dtype=np.float32)
