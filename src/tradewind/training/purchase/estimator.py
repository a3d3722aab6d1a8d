"""Grows and calibrates a model of buying, and measures it beside a logistic regression on the same features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tradewind.errors import DataError
from tradewind.evaluation.calibration import (
    brier,
    equal_mass_error,
    fit_isotonic,
    fit_platt,
    log_loss,
)
from tradewind.evaluation.classification import auc, expected_calibration_error
from tradewind.evaluation.significance import Interval, paired_bootstrap
from tradewind.tasks.purchase.model import PurchaseModel
from tradewind.tasks.purchase.questions import Examples
from tradewind.training.purchase.boosting import BoostingConfig, Rows, grow

Floats = npt.NDArray[np.float64]
METRICS: Final = ("AUC", "ECE", "ECE equal mass", "log-loss", "Brier")


@dataclass(frozen=True, slots=True)
class PurchaseConfig:
    """How the model is made. `better of both` keeps the calibration of lower log-loss by two-fold cross-validation."""

    trees: BoostingConfig = field(default_factory=BoostingConfig)
    calibration: Literal["platt", "isotonic", "better of both"] = "better of both"
    horizon: float = 7.0


def fit_purchase(
    train: Examples, stopping: Examples, calibration: Examples, names: Sequence[str], config: PurchaseConfig
) -> PurchaseModel:
    """Returns trees grown on `train` until `stopping` gains no more, calibrated on `calibration`, each a later period.

    Raises DataError when a set is empty or all its outcomes are the same.
    """
    forest = grow(_rows(train), config.trees, _rows(stopping))
    raw = forest.predict(calibration.features)
    chosen = config.calibration
    if chosen == "better of both":
        chosen = _better(raw, calibration.outcomes, config.trees.seed)
    fitted = (fit_platt if chosen == "platt" else fit_isotonic)(raw, calibration.outcomes)
    return PurchaseModel(forest, fitted, tuple(names), config.horizon)


def logistic_regression(train: Examples, rows: Floats) -> Floats:
    """Returns the probabilities of a logistic regression on the same standardised features."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(train.features, train.outcomes)
    return np.asarray(model.predict_proba(rows)[:, 1])


def measured(probabilities: Floats, outcomes: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Returns METRICS: area under the ROC curve, calibration errors in 15 bins of equal width and of equal size, mean
    negative log-likelihood (nats) and mean squared error."""
    values = (
        auc(outcomes, probabilities),
        expected_calibration_error(probabilities, outcomes),
        equal_mass_error(probabilities, outcomes),
        log_loss(probabilities, outcomes),
        brier(probabilities, outcomes),
    )
    return dict(zip(METRICS, values, strict=True))


def gain_by_person(ours: Floats, theirs: Floats, test: Examples, seed: int = 13) -> Interval:
    """Returns by how much our log-loss is lower, people drawn again as a whole, with its 95 % interval."""
    losses = [-np.log(np.clip(np.where(test.outcomes, p, 1 - p), 1e-7, 1)) for p in (ours, theirs)]
    _, who = np.unique(test.people, return_inverse=True)
    count = np.bincount(who)
    mean = [np.bincount(who, weights=loss) / count for loss in losses]
    return paired_bootstrap(mean[1], mean[0], seed=seed)


def compared(
    model: PurchaseModel, train: Examples, test: Examples, guesses: Mapping[str, Floats] | None = None
) -> dict[str, dict[str, float]]:
    """Returns METRICS on `test` of the base rate, of other `guesses`, of logistic regression, of the trees before their
    calibration, and of the model."""
    rows = {
        "base rate": np.full(len(test), train.outcomes.mean()),
        **(guesses or {}),
        LOGISTIC: logistic_regression(train, test.features),
        "trees, not calibrated": model.forest.predict(test.features),
        OURS: model.predict(test.features),
    }
    return {name: measured(found, test.outcomes) for name, found in rows.items()}


LOGISTIC: Final = "logistic regression"
OURS: Final = "boosted trees, calibrated"


def _rows(examples: Examples) -> Rows:
    return Rows(examples.features, examples.outcomes.astype(np.float64))


def _better(raw: Floats, outcomes: npt.NDArray[np.bool_], seed: int) -> Literal["platt", "isotonic"]:
    half = np.random.default_rng(seed).permutation(len(raw)) % 2 == 0
    losses = {}
    for name, fit in (("platt", fit_platt), ("isotonic", fit_isotonic)):
        try:
            found = [
                log_loss(fit(raw[side], outcomes[side]).apply(raw[~side]), outcomes[~side]) for side in (half, ~half)
            ]
        except DataError:
            return "platt"
        losses[name] = float(np.mean(found))
    return "isotonic" if losses["isotonic"] < losses["platt"] else "platt"
