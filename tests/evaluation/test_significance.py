"""The paired bootstrap finds a clear difference, is silent about none, and repeats itself for one seed."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import DataError
from tradewind.evaluation.significance import paired_bootstrap


def test_a_steady_gain_is_found_and_noise_is_not() -> None:
    random = np.random.default_rng(0)
    theirs = random.random(300)
    assert paired_bootstrap(theirs + 0.05 + random.normal(0, 0.1, 300), theirs).differs
    assert not paired_bootstrap(theirs + random.normal(0, 0.1, 300), theirs).differs


def test_the_interval_holds_the_mean_and_is_the_same_for_the_same_seed() -> None:
    random = np.random.default_rng(1)
    ours, theirs = random.random(50), random.random(50)
    first, second = paired_bootstrap(ours, theirs, seed=3), paired_bootstrap(ours, theirs, seed=3)
    assert first == second
    assert first.low <= first.mean <= first.high
    assert first.mean == pytest.approx(float((ours - theirs).mean()))


def test_unequal_samples_are_refused() -> None:
    with pytest.raises(DataError, match="3 and 2"):
        paired_bootstrap(np.ones(3), np.ones(2))
