"""Whether a probability can be taken at its word, and the maps that make it so, over numpy alone.

A map is fitted on outcomes that the model was not fitted on, and travels with the model as a few numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError

Floats = npt.NDArray[np.float64]
Outcomes = npt.NDArray[np.bool_]
_EDGE: Final = 1e-7
"""Probabilities are kept this far from 0 and 1, so that one surprise does not cost infinitely much."""
_STEPS: Final = 50


def equal_mass_error(probabilities: Floats, outcomes: Outcomes, bins: int = 15) -> float:
    """Returns Σ over bins of equal size of (share of examples) · |share of outcomes − mean probability|, in [0, 1].

    With rare outcomes the bins of equal width put nearly all examples into the first one and flatter a model; bins of
    equal size do not (Nixon et al., "Measuring Calibration in Deep Learning", CVPR-W 2019, the static form of ACE).
    """
    if not len(probabilities):
        return 0.0
    order = np.argsort(probabilities, kind="stable")
    gaps = (outcomes.astype(np.float64) - probabilities)[order]
    return float(sum(abs(part.sum()) for part in np.array_split(gaps, min(bins, len(gaps)))) / len(gaps))


def reliability(probabilities: Floats, outcomes: Outcomes, bins: int = 10) -> list[tuple[float, float, int]]:
    """Returns (mean probability, share of outcomes, examples) of bins of equal size, lowest probability first."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [(float(probabilities[part].mean()), float(outcomes[part].mean()), len(part)) for part in parts]


def log_loss(probabilities: Floats, outcomes: Outcomes) -> float:
    """Returns the mean negative log-likelihood in nats."""
    kept = np.clip(probabilities, _EDGE, 1 - _EDGE)
    return float(-np.mean(np.where(outcomes, np.log(kept), np.log1p(-kept))))


def brier(probabilities: Floats, outcomes: Outcomes) -> float:
    """Returns the mean squared difference of probability and outcome (Brier 1950)."""
    return float(np.mean((probabilities - outcomes) ** 2))


@dataclass(frozen=True, slots=True)
class Platt:
    """p → σ(slope · logit(p) + intercept), the logistic map of Platt (1999) on the model's own log-odds."""

    slope: float
    intercept: float

    def apply(self, probabilities: Floats) -> Floats:
        """Returns the calibrated probabilities, in the order they came."""
        return _sigmoid(self.slope * _logit(probabilities) + self.intercept)

    def as_json(self) -> dict[str, Any]:
        """Returns the map as plain numbers, for `calibrator_of`."""
        return {"kind": "platt", "slope": self.slope, "intercept": self.intercept}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """A rising map through (`inputs`, `outputs`), straight between two points (Zadrozny and Elkan, KDD 2002)."""

    inputs: tuple[float, ...]
    outputs: tuple[float, ...]

    def apply(self, probabilities: Floats) -> Floats:
        """Returns the calibrated probabilities, in the order they came."""
        return np.asarray(np.interp(probabilities, self.inputs, self.outputs), dtype=np.float64)

    def as_json(self) -> dict[str, Any]:
        """Returns the map as plain numbers, for `calibrator_of`."""
        return {"kind": "isotonic", "inputs": list(self.inputs), "outputs": list(self.outputs)}


Calibrator = Platt | Isotonic


def calibrator_of(told: Mapping[str, Any]) -> Calibrator:
    """Returns the map that `as_json` wrote. Raises DataError for another kind or for points that do not rise."""
    if told.get("kind") == "platt":
        return Platt(float(told["slope"]), float(told["intercept"]))
    if told.get("kind") != "isotonic":
        raise DataError(f"there is no calibration called {told.get('kind')!r}", hint="known: platt, isotonic")
    inputs, outputs = (tuple(map(float, told[name])) for name in ("inputs", "outputs"))
    if len(inputs) != len(outputs) or not inputs or not (_rises(inputs) and _rises(outputs)):
        raise DataError("an isotonic calibration needs equally many inputs and outputs, both rising")
    return Isotonic(inputs, outputs)


def fit_platt(probabilities: Floats, outcomes: Outcomes) -> Platt:
    """Returns the map of greatest likelihood, with Platt's smoothed targets, by Newton's method.

    Raises DataError when there are no outcomes of both kinds.
    """
    _both(outcomes)
    positives = int(outcomes.sum())
    negatives = len(outcomes) - positives
    targets = np.where(outcomes, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    design = np.stack([_logit(probabilities), np.ones(len(probabilities))], axis=1)
    found = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        fitted = _sigmoid(design @ found)
        curvature = design.T @ (design * (fitted * (1 - fitted))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (fitted - targets))
        found = found - step
        if np.abs(step).max() < 1e-10:
            break
    return Platt(float(found[0]), float(found[1]))


def fit_isotonic(probabilities: Floats, outcomes: Outcomes) -> Isotonic:
    """Returns the rising map of least squared error, by pooling adjacent violators.

    Raises DataError when there are no outcomes of both kinds.
    """
    _both(outcomes)
    inputs, places, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    blocks: list[list[float]] = []  # sum of outcomes, examples, lowest input, highest input
    for value, total, count in zip(inputs, np.bincount(places, weights=outcomes), counts, strict=True):
        blocks.append([float(total), float(count), float(value), float(value)])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1], blocks[-1][2], last[3]]
    points = [(x, block[0] / block[1]) for block in blocks for x in dict.fromkeys(block[2:])]
    return Isotonic(tuple(x for x, _ in points), tuple(y for _, y in points))


def _both(outcomes: Outcomes) -> None:
    if not len(outcomes) or outcomes.all() or not outcomes.any():
        raise DataError(
            "calibration needs outcomes of both kinds",
            hint="a longer validation period, or one with at least one purchase or click in it",
        )


def _rises(values: Sequence[float]) -> bool:
    return bool(np.all(np.diff(values) >= 0))


def _logit(probabilities: Floats) -> Floats:
    kept = np.clip(probabilities, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def _sigmoid(scores: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * scores)))
