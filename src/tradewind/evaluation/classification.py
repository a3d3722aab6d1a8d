"""Metrics of predicted classes, scores and probabilities, over numpy arrays of one row per example."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]


def accuracy(truth: Sequence[str], predicted: Sequence[str]) -> float:
    """Returns the share of examples whose predicted class is the true one. Raises ValueError for unequal lengths."""
    return float(np.mean([a == b for a, b in zip(truth, predicted, strict=True)])) if len(truth) else 0.0


def macro_f1(truth: Sequence[str], predicted: Sequence[str]) -> float:
    """Returns the mean over classes of F1 = 2·TP / (2·TP + FP + FN), every class weighing the same.

    The classes are those that occur in the truth or among the predictions.
    """
    classes, codes = np.unique(np.concatenate([np.asarray(truth), np.asarray(predicted)]), return_inverse=True)
    if not len(classes):
        return 0.0
    real, guessed = np.split(codes, 2)
    right = np.bincount(real[real == guessed], minlength=len(classes))
    both = np.bincount(real, minlength=len(classes)) + np.bincount(guessed, minlength=len(classes))
    return float(np.mean(2.0 * right / both))


def auc(relevant: npt.NDArray[np.bool_], scores: Floats) -> float:
    """Returns the area under the ROC curve: how often a relevant example scores above another, ties counting half.

    Computed from mid-ranks (the Mann-Whitney U statistic). NaN when all examples are of one kind.
    """
    positives = int(np.count_nonzero(relevant))
    negatives = len(relevant) - positives
    if not positives or not negatives:
        return float("nan")
    _, where, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    return float((middle[where][relevant].sum() - positives * (positives + 1) / 2.0) / (positives * negatives))


def expected_calibration_error(probabilities: Floats, correct: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """Returns sum over equal-width bins of (share of examples) · |accuracy − mean confidence|, in [0, 1].

    `probabilities` (n,) are those of the predicted class, `correct` (n,) whether it was right. Guo et al., "On
    Calibration of Modern Neural Networks", ICML 2017, equation 5, with bins closed on the right.
    """
    if not len(probabilities):
        return 0.0
    places = np.clip(np.ceil(probabilities * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(places, weights=correct.astype(float) - probabilities, minlength=bins)
    return float(np.abs(gap).sum() / len(probabilities))
