from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tradewind.errors import ArtefactError, DataError
from tradewind.tasks.purchase.model import FACTS_FILE, read_purchase_model
from tradewind.tasks.purchase.questions import Examples
from tradewind.training.purchase.boosting import BoostingConfig
from tradewind.training.purchase.estimator import (
    LOGISTIC,
    METRICS,
    OURS,
    PurchaseConfig,
    compared,
    fit_line,
    fit_purchase,
    gain_by_person,
)

QUICK = PurchaseConfig(BoostingConfig(trees=60, leaves=7, least_rows=20))
NAMES = ("a", "b", "c")


def asked(count: int, seed: int) -> Examples:
    """Returns questions whose answer turns on a product of two features, which no line can say."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 3))
    chances = 1 / (1 + np.exp(2 - 2.5 * features[:, 0] * features[:, 1] - 0.5 * features[:, 2]))
    return Examples(features, random.random(count) < chances, np.arange(count) % 200, np.zeros(count, dtype=np.int64))


@pytest.fixture(scope="module")
def sides() -> tuple[Examples, Examples, Examples, Examples]:
    return asked(5000, 1), asked(2000, 2), asked(6000, 3), asked(8000, 4)


def test_the_model_beats_logistic_regression_and_means_what_it_says(sides) -> None:
    train, stopping, calibration, test = sides
    model = fit_purchase(train, stopping, calibration, NAMES, QUICK)
    rows = compared(model, train, test)
    assert set(rows[OURS]) == set(METRICS)
    assert rows[OURS]["AUC"] > rows[LOGISTIC]["AUC"] + 0.1 and rows["base rate"]["AUC"] == 0.5
    assert rows[OURS]["ECE"] <= 0.03 and rows[OURS]["ECE equal mass"] <= 0.03
    gain = gain_by_person(model.predict(test.features), model.line.predict(test.features), test)
    assert gain.low > 0 and gain.differs


def test_calibration_mends_trees_that_learned_another_base_rate(sides) -> None:
    train, stopping, calibration, test = sides
    rare = np.flatnonzero(train.outcomes | (np.arange(len(train)) % 4 == 0))
    slanted = Examples(train.features[rare], train.outcomes[rare], train.people[rare], train.keys[rare])
    rows = compared(fit_purchase(slanted, stopping, calibration, NAMES, QUICK), slanted, test)
    assert rows["trees, not calibrated"]["ECE"] > 0.1 > 0.03 >= rows[OURS]["ECE"]


@pytest.mark.parametrize("kind", ["platt", "isotonic"])
def test_saved_is_loaded_and_both_say_the_same(sides, tmp_path: Path, kind) -> None:
    model = fit_purchase(*sides[:3], NAMES, replace(QUICK, calibration=kind))
    again = read_purchase_model(model.save(tmp_path))
    assert again.predict(sides[3].features).tolist() == model.predict(sides[3].features).tolist()
    assert again.features == NAMES and again.horizon == 7.0
    again.require(NAMES)
    with pytest.raises(DataError, match="reads a, b, c"):
        again.require(("a", "c", "b"))


def test_no_model_and_a_broken_model_are_told(sides, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError):
        read_purchase_model(tmp_path / "none")
    fit_purchase(*sides[:3], NAMES, QUICK).save(tmp_path)
    told = (tmp_path / FACTS_FILE).read_text()
    for broken in (
        told.replace('"platt"', '"magic"').replace('"isotonic"', '"magic"'),
        told.replace('"c"', '"c", "d"'),
    ):
        (tmp_path / FACTS_FILE).write_text(broken)
        with pytest.raises(ArtefactError):
            read_purchase_model(tmp_path)


def test_the_line_is_the_logistic_regression_of_the_library(sides) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, test = sides[0], sides[3]
    peer = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(train.features, train.outcomes)
    assert fit_line(train).predict(test.features) == pytest.approx(peer.predict_proba(test.features)[:, 1], abs=1e-9)


def test_a_log_without_any_purchase_is_told_in_words(sides) -> None:
    nothing = replace(sides[0], outcomes=np.zeros(len(sides[0]), dtype=np.bool_))
    with pytest.raises(DataError, match="same outcome"):
        fit_purchase(nothing, *sides[1:3], NAMES, QUICK)
    with pytest.raises(DataError, match="both kinds"):
        fit_purchase(sides[0], sides[1], nothing, NAMES, QUICK)
