"""The best labels of a text among those that spell whole entities, from a score of each label at each unit."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.tasks.tag.entities import Labels

Floats = npt.NDArray[np.floating]
_NEVER: Final = -1e9


def allowed_transitions(labels: int) -> npt.NDArray[np.float64]:
    """Returns (labels + 1, labels): 0 where the column may follow the row, else a very low score; the last row is the
    text's beginning. An I only follows the B or the I of its own kind."""
    allowed = np.zeros((labels + 1, labels))
    for inside in range(2, labels, 2):
        allowed[:, inside] = _NEVER
        allowed[[inside - 1, inside], inside] = 0.0
    return allowed


def best_labels(scores: Floats, transitions: Floats) -> Labels:
    """Returns int64 (units,): the sequence with the highest sum of `scores` (units, labels) and `transitions`.

    Viterbi's algorithm (Forney, "The Viterbi algorithm", Proceedings of the IEEE 61(3), 1973).
    """
    if not len(scores):
        return np.zeros(0, dtype=np.int64)
    best = scores[0] + transitions[-1]
    came = np.zeros(scores.shape, dtype=np.int64)
    for place in range(1, len(scores)):
        paths = best[:, None] + transitions[:-1]
        came[place] = paths.argmax(axis=0)
        best = paths.max(axis=0) + scores[place]
    labels = np.zeros(len(scores), dtype=np.int64)
    labels[-1] = best.argmax()
    for place in range(len(scores) - 1, 0, -1):
        labels[place - 1] = came[place, labels[place]]
    return labels


def log_softmax(scores: Floats) -> npt.NDArray[np.float64]:
    """Returns log p of `scores` (units, labels), row by row."""
    shifted = np.asarray(scores, dtype=np.float64) - np.max(scores, axis=1, keepdims=True, initial=-np.inf)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
