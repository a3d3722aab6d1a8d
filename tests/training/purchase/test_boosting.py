from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import DataError
from tradewind.evaluation.classification import auc
from tradewind.training.purchase.boosting import BoostingConfig, Rows, grow

QUICK = BoostingConfig(trees=30, leaves=7, least_rows=10)


def crossed(count: int, seed: int) -> Rows:
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, 3))
    return Rows(features, (features[:, 0] * features[:, 1] > 0).astype(float))


def test_trees_learn_what_no_line_can() -> None:
    fresh = crossed(1000, 2)
    forest = grow(crossed(2000, 1), QUICK)
    assert auc(fresh.targets > 0, forest.predict(fresh.features)) > 0.9


def test_the_handed_on_forest_says_what_lightgbm_says() -> None:
    import lightgbm

    from tradewind.training.purchase import boosting

    rows = crossed(800, 3)
    rows.features[::7] = 0.0
    ours = grow(rows, QUICK).predict(rows.features)
    learned = lightgbm.Dataset(rows.features, rows.targets)
    theirs = lightgbm.train(boosting._parameters(QUICK), learned, QUICK.trees).predict(rows.features)
    assert np.abs(ours - theirs).max() < 1e-12


def test_the_same_seed_grows_the_same_trees_and_validation_stops_them() -> None:
    one, two = (grow(crossed(500, 4), QUICK) for _ in range(2))
    assert one.thresholds.tolist() == two.thresholds.tolist() and one.values.tolist() == two.values.tolist()
    noise = Rows(np.random.default_rng(0).normal(size=(400, 3)), np.arange(400) % 2 * 1.0)
    stopped = grow(noise, BoostingConfig(trees=200, leaves=7, least_rows=5, patience=5), crossed(200, 6))
    assert len(stopped.roots) < 100


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (Rows(np.zeros((0, 2)), np.zeros(0)), "nothing to learn"),
        (Rows(np.zeros((3, 2)), np.zeros(3)), "same outcome"),
        (Rows(np.full((2, 2), np.nan), np.array([0.0, 1.0])), "finite"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_words(rows: Rows, said: str) -> None:
    with pytest.raises(DataError, match=said):
        grow(rows, QUICK)
