from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tradewind.data.features.shopping_habits import HABITS
from tradewind.errors import ConfigError, DataError
from tradewind.training.profile.attributes import ToldBands, cross_validated, fit_bands


def told(count: int, strength: float, seed: int = 0) -> ToldBands:
    random = np.random.default_rng(seed)
    features = random.normal(size=(count, len(HABITS) + 3))
    odds = strength * features[:, -1] + 0.5 * random.normal(size=count)
    bands = np.digitize(odds, [-0.5, 0.6]).astype(np.int64)
    columns = (*HABITS, "a", "b", "c")
    return ToldBands("income", ("low", "middle", "high"), columns, features, bands, np.arange(count))


def test_bands_that_purchases_tell_of_are_guessed_above_the_majority() -> None:
    found, data = cross_validated(told(400, 1.0)), told(400, 1.0)
    assert np.mean(found.predicted == data.bands) > np.mean(found.majority == data.bands) + 0.15
    assert found.probabilities.sum(axis=1) == pytest.approx(np.ones(400))


def test_bands_that_they_do_not_tell_of_are_not() -> None:
    found, data = cross_validated(told(400, 0.0)), told(400, 0.0)
    assert np.mean(found.predicted == data.bands) < np.mean(found.majority == data.bands) + 0.05


def test_a_person_is_never_on_both_sides() -> None:
    # Each person stands here eight times with a feature that names them: known once, known always.
    random = np.random.default_rng(1)
    people = np.repeat(np.arange(30), 8)
    names = random.normal(size=(30, len(HABITS) + 3)) * 5
    bands = random.integers(0, 3, 30)[people]
    data = replace(told(240, 0.0), features=names[people], bands=bands, groups=people)
    apart = np.mean(cross_validated(data).predicted == bands)
    mixed = np.mean(cross_validated(replace(data, groups=np.arange(240))).predicted == bands)
    assert apart < 0.6 < 0.8 < mixed


def test_the_same_seed_gives_the_same_guesses() -> None:
    assert cross_validated(told(100, 0.5)).predicted.tolist() == cross_validated(told(100, 0.5)).predicted.tolist()


def test_refusals() -> None:
    with pytest.raises(ConfigError, match="never predicted"):
        fit_bands(replace(told(50, 1.0), attribute="pregnant"))
    with pytest.raises(DataError, match="two bands"):
        fit_bands(replace(told(50, 1.0), bands=np.zeros(50, dtype=np.int64)))
    with pytest.raises(DataError, match="ten people"):
        fit_bands(told(6, 1.0))
