"""Grows and calibrates a model of buying, and measures it beside a logistic regression on the same features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tradewind.errors import DataError
from tradewind.evaluation.calibration import (
    Platt,
    brier,
    equal_mass_error,
    fit_isotonic,
    fit_platt,
    log_loss,
)
from tradewind.evaluation.classification import auc, expected_calibration_error
from tradewind.evaluation.significance import Interval, paired_bootstrap
from tradewind.tasks.purchase.model import Line, PurchaseModel
from tradewind.tasks.purchase.questions import Examples
from tradewind.training.purchase.boosting import BoostingConfig, Rows, grow

Floats = npt.NDArray[np.float64]
WEEKLY: Final = BoostingConfig(trees=500, leaves=15, learning_rate=0.03, least_rows=300, feature_share=0.5)
"""Chosen on the calibration weeks of the grocer, against 8 leaves at .05 and 31 at .05."""
METRICS: Final = ("AUC", "ECE", "ECE equal mass", "log-loss", "Brier")


@dataclass(frozen=True, slots=True)
class PurchaseConfig:
    """How the model is made. `better of both` keeps the calibration of lower log-loss by two-fold cross-validation."""

    trees: BoostingConfig = WEEKLY
    calibration: Literal["platt", "isotonic", "better of both"] = "better of both"
    horizon: float = 7.0


def fit_purchase(
    train: Examples, stopping: Examples, calibration: Examples, names: Sequence[str], config: PurchaseConfig
) -> PurchaseModel:
    """Returns trees grown from a logistic regression on `train` until `stopping` gains no more, calibrated on
    `calibration`, each a later period.

    The trees begin at the regression's log-odds and spend their leaves on what it cannot say: on features that were
    made with care it is hard to beat, and trees that begin at nothing first have to draw its line in steps.

    Raises DataError when a set is empty or all its outcomes are the same.
    """
    _check(train)
    line = fit_line(train)
    forest = grow(_rows(train, line), config.trees, _rows(stopping, line))
    unfinished = PurchaseModel(line, forest, Platt(1.0, 0.0), tuple(names), config.horizon)
    raw = unfinished.uncalibrated(calibration.features)
    chosen = config.calibration
    if chosen == "better of both":
        chosen = _better(raw, calibration.outcomes, config.trees.seed)
    fitted = (fit_platt if chosen == "platt" else fit_isotonic)(raw, calibration.outcomes)
    return replace(unfinished, calibrator=fitted)


def fit_line(train: Examples) -> Line:
    """Returns a logistic regression on standardised features, told in the features' own units."""
    scaler = StandardScaler().fit(train.features)
    model = LogisticRegression(max_iter=1000).fit(scaler.transform(train.features), train.outcomes)
    weights = model.coef_[0] / scaler.scale_
    return Line(weights, float(model.intercept_[0] - weights @ scaler.mean_))


def _check(train: Examples) -> None:
    if not len(train) or train.outcomes.all() or not train.outcomes.any():
        raise DataError(
            "all examples have the same outcome, so there is nothing to tell apart",
            hint="a longer period, or a question whose answer is sometimes yes",
        )


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
    """Returns METRICS on `test` of the base rate, of other `guesses`, of the logistic regression that the trees begin
    at, of both before they are calibrated, and of the model."""
    rows = {
        "base rate": np.full(len(test), train.outcomes.mean()),
        **(guesses or {}),
        LOGISTIC: model.line.predict(test.features),
        "trees, not calibrated": model.uncalibrated(test.features),
        OURS: model.predict(test.features),
    }
    return {name: measured(found, test.outcomes) for name, found in rows.items()}


LOGISTIC: Final = "logistic regression"
OURS: Final = "boosted trees, calibrated"


def _rows(examples: Examples, line: Line) -> Rows:
    return Rows(examples.features, examples.outcomes.astype(np.float64), start=line.odds(examples.features))


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
