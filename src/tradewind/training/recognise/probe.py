"""The linear probe: a logistic regression over the unit vectors of the frozen model, tuned or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

STRENGTHS: Final = (10.0, 50.0)
"""Inverse regularisation strengths that are tried."""
_FOLDS: Final = 3

Vectors = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Probe:
    """Logits = W·v + b for all `labels`, and the strength that was chosen."""

    weight: Vectors
    bias: Vectors
    strength: float

    def logits(self, vectors: Vectors) -> Vectors:
        """Returns (n, labels)."""
        return vectors @ self.weight.T + self.bias


def linear_probe(views: npt.NDArray[np.float32], targets: Numbers, labels: int) -> Probe:
    """Returns the probe learned from `views` (n, views, d), every view an example of its picture's label.

    The strength is chosen by cross-validation over pictures, whose views stay together.
    """
    pictures, per = views.shape[:2]
    vectors, numbers = views.reshape(pictures * per, -1), np.repeat(targets, per)
    groups = np.repeat(np.arange(pictures), per)
    strength = _chosen(vectors, numbers, groups)
    model = LogisticRegression(C=strength, max_iter=400).fit(vectors, numbers)
    return _whole(model, labels, vectors.shape[1], strength)


def _chosen(vectors: Vectors, numbers: Numbers, groups: Numbers) -> float:
    folds = min(_FOLDS, len(np.unique(groups)))
    right = dict.fromkeys(STRENGTHS, 0)
    for learn, test in GroupKFold(folds, shuffle=True, random_state=0).split(vectors, numbers, groups):
        if len(np.unique(numbers[learn])) < 2:
            continue
        for strength in STRENGTHS:
            model = LogisticRegression(C=strength, max_iter=400).fit(vectors[learn], numbers[learn])
            right[strength] += int((model.predict(vectors[test]) == numbers[test]).sum())
    return max(STRENGTHS, key=lambda strength: right[strength])


def _whole(model: LogisticRegression, labels: int, width: int, strength: float) -> Probe:
    """scikit-learn gives one row for two classes."""
    weight, bias = np.zeros((labels, width), np.float32), np.full(labels, -50.0, np.float32)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weight[model.classes_], bias[model.classes_] = coefficients, intercepts
    return Probe(weight, bias, strength)
