"""Ridge regression on bands, its strength and its columns chosen inside the training folds alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.data.features.shopping_habits import HABITS
from tradewind.errors import DataError
from tradewind.tasks.profile.predicted import BandModel, require_harmless

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
PENALTIES: Final = (0.05, 0.2, 0.6, 2.0, 6.0)
"""Ridge penalties per person learned from."""


@dataclass(frozen=True, slots=True)
class ToldBands:
    """What people told: `features` (n, d) named by `columns`, `bands` (n,) numbers into `names`, and `groups` (n,), the
    person or household of each row: rows of one group are never on both sides of a split."""

    attribute: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    features: Floats
    bands: Ints
    groups: Ints

    def take(self, rows: npt.NDArray[np.generic]) -> ToldBands:
        """Returns the rows chosen by a mask or by numbers."""
        parts = (self.features[rows], self.bands[rows], self.groups[rows])
        return ToldBands(self.attribute, self.names, self.columns, *parts)


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """Guesses for every row by a model that saw none of its group: `predicted` and `majority` (n,) band numbers, the
    latter the commonest band of the same training fold, and `probabilities` (n, bands)."""

    predicted: Ints
    majority: Ints
    probabilities: Floats


def fit_bands(told: ToldBands, seed: int = 13) -> BandModel:
    """Returns the model whose penalty and columns (habits alone, or shares of money too) guess best in five inner
    folds by group.

    Raises ConfigError for an attribute that must not be predicted, DataError with fewer than two bands or ten groups.
    """
    require_harmless(told.attribute, told.names)
    if len(np.unique(told.bands)) < 2 or len(np.unique(told.groups)) < 10:
        raise DataError(
            f"{told.attribute} needs two bands and ten people who told it, "
            f"not {len(np.unique(told.bands))} and {len(np.unique(told.groups))}"
        )
    fold = _folds(told.groups, 5, seed)
    scores: dict[tuple[int, float], float] = {}
    for width in sorted({min(len(HABITS), len(told.columns)), len(told.columns)}):
        for number in range(5):
            inside, outside = told.take(fold != number), told.take(fold == number)
            for penalty, model in zip(PENALTIES, _ridge(inside, width, PENALTIES), strict=True):
                right = (model.probabilities(outside.features).argmax(axis=1) == outside.bands).sum()
                scores[width, penalty] = scores.get((width, penalty), 0.0) + float(right)
    # Among equals the one that presumes least: fewer columns, then the stronger penalty.
    width, penalty = min(scores, key=lambda key: (-scores[key], key[0], -key[1]))
    return _ridge(told, width, (penalty,))[0]


def cross_validated(told: ToldBands, folds: int = 10, seed: int = 13) -> CrossValidated:
    """Returns guesses for every row; whatever is chosen is chosen again within each training fold."""
    fold = _folds(told.groups, folds, seed)
    predicted, majority = np.zeros_like(told.bands), np.zeros_like(told.bands)
    probabilities = np.zeros((len(told.bands), len(told.names)))
    for number in range(folds):
        mine = fold == number
        if not mine.any():
            continue
        inside = told.take(~mine)
        probabilities[mine] = fit_bands(inside, seed + number).probabilities(told.features[mine])
        predicted[mine] = probabilities[mine].argmax(axis=1)
        majority[mine] = np.bincount(inside.bands).argmax()
    return CrossValidated(predicted, majority, probabilities)


def _folds(groups: Ints, count: int, seed: int) -> Ints:
    """Returns the fold of each row; a group lies in one fold."""
    distinct, place = np.unique(groups, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(distinct)) % count
    return np.asarray(dealt[place.reshape(-1)])


def _ridge(told: ToldBands, width: int, penalties: Sequence[float]) -> list[BandModel]:
    """Returns one model a penalty over the first `width` columns; one eigendecomposition serves them all."""
    mean, scale = told.features.mean(axis=0), told.features.std(axis=0) + 1e-9
    rows = ((told.features - mean) / scale)[:, :width]
    hot = np.eye(len(told.names))[told.bands]
    base = hot.mean(axis=0)
    values, axes = np.linalg.eigh(rows.T @ rows)
    right = axes.T @ (rows.T @ (hot - base))
    made = []
    for penalty in penalties:
        weights = np.zeros((len(told.columns), len(told.names)))
        weights[:width] = axes @ (right / (values[:, None] + penalty * len(rows)))
        made.append(BandModel(told.attribute, told.names, told.columns, mean, scale, weights, base))
    return made
