"""One vector for an item out of its picture's and its text's: the only place where the two are joined."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradewind.errors import ModelError

Vectors = npt.NDArray[np.float32]


def fused(picture: Vectors, text: Vectors, weight: float = 0.5) -> Vectors:
    """Returns unit vectors (n, p + t) whose inner product is w·cos(pictures) + (1 − w)·cos(texts), `weight` being w.

    `picture` (n, p) and `text` (n, t) need not be unit vectors. A row of zeros stands for an item without a picture (or
    text): the other side then speaks alone among those that lack it too, and weighs its own share against the rest.
    Raises ModelError for unequal numbers of rows or a weight outside [0, 1].
    """
    if len(picture) != len(text):
        raise ModelError(f"{len(picture)} pictures do not go with {len(text)} texts")
    if not 0.0 <= weight <= 1.0:
        raise ModelError(f"a picture's weight lies between 0 and 1, not at {weight}")
    sides = np.sqrt(weight) * _unit(picture), np.sqrt(1.0 - weight) * _unit(text)
    return _unit(np.concatenate(sides, axis=1))


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
    return scaled
