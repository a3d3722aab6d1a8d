"""Predicts labels from text with an exported classifier: an encoder and a linear head, without torch.

The bundle is an encoder's bundle (runtime/bundle.py) and two files more:

    head.safetensors   `weight` float32 (labels, dimension) and `bias` float32 (labels,)
    labels.json        a list of the labels' names, in the head's order

The head reads the unit vector of a text in the role passage; the scores of a text are softmax(weight @ vector + bias).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tradewind.errors import ArtefactError
from tradewind.runtime.bundle import HEAD_FILE, LABELS_FILE
from tradewind.runtime.head import read_head
from tradewind.runtime.opening import open_encoder


class OnnxClassifier:
    """An exported classifier; it may be shared by several threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._encoder = open_encoder(folder, threads)
        self._labels = _labels(folder / LABELS_FILE)
        self._weight, self._bias = read_head(folder / HEAD_FILE, self._encoder.dimension)
        if len(self._bias) != len(self._labels):
            raise ArtefactError(
                f"a head of {self._weight.shape} does not fit {len(self._labels)} labels", where=str(folder / HEAD_FILE)
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the labels, in the order of the head."""
        return self._labels

    def predict(self, texts: Sequence[str], k: int = 1) -> list[list[tuple[str, float]]]:
        """Returns for each text its `k` likeliest labels with their probabilities, best first; equals in head order."""
        return [self._best(scores, k) for scores in self.scores(texts)]

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Returns float32 (texts, labels): the probability of every label, each row independent of the other texts."""
        vectors = self._encoder.encode(texts, "passage")
        # One product per text: a product of all of them at once adds in another order for another number of texts.
        logits = (
            np.array([self._weight @ vector for vector in vectors], np.float32).reshape(len(texts), len(self._labels))
            + self._bias
        )
        likelihood = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores: np.ndarray = likelihood / likelihood.sum(axis=1, keepdims=True)
        return scores

    def _best(self, scores: np.ndarray, k: int) -> list[tuple[str, float]]:
        return [(self._labels[row], float(scores[row])) for row in np.argsort(-scores, kind="stable")[:k]]


def _labels(path: Path) -> tuple[str, ...]:
    try:
        labels = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtefactError(f"not a list of labels: {error}", where=str(path)) from None
    if not isinstance(labels, list) or not labels or not all(isinstance(label, str) for label in labels):
        raise ArtefactError("not a list of labels", where=str(path))
    return tuple(labels)
