from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.evaluation.off_policy import (
    PolicyLog,
    doubly_robust,
    effective_size,
    inverse_propensity,
    naive,
    self_normalised,
)

ACTIONS = np.arange(4)
RATES = np.array([0.6, 0.4, 0.2, 0.1])
LOGGING = np.array([0.1, 0.1, 0.3, 0.5])
TARGET = np.array([0.5, 0.3, 0.1, 0.1])
TRUTH = float(TARGET @ RATES)


def logged(count: int, seed: int, *, modelled: np.ndarray | None = None, wrong: float = 1.0) -> PolicyLog:
    random = np.random.default_rng(seed)
    actions = random.choice(ACTIONS, count, p=LOGGING)
    rewards = (random.random(count) < RATES[actions]).astype(float)
    propensities = np.minimum(LOGGING[actions] * wrong, 1.0)
    if modelled is None:
        return PolicyLog(rewards, propensities, TARGET[actions])
    expected = np.full(count, float(TARGET @ modelled))
    return PolicyLog(rewards, propensities, TARGET[actions], modelled[actions], expected)


@pytest.mark.parametrize(("interval", "runs"), [("normal", 200), ("bootstrap", 40)])
@pytest.mark.parametrize("estimator", [inverse_propensity, self_normalised, doubly_robust])
def test_estimators_are_unbiased_and_their_intervals_cover_where_the_naive_one_fails(estimator, interval, runs) -> None:
    found = [estimator(logged(800, seed, modelled=RATES * 0.5), interval=interval) for seed in range(runs)]
    spread = np.std([each.value for each in found])
    assert abs(np.mean([each.value for each in found]) - TRUTH) < 4 * spread / np.sqrt(runs)
    assert 0.85 <= np.mean([each.holds(TRUTH) for each in found]) <= 1.0
    wide = np.mean([each.high - each.low for each in found]) / (2 * 1.96)
    assert wide == pytest.approx(spread, rel=0.35)


def test_the_naive_estimate_misses_the_truth_with_a_confident_interval() -> None:
    found = [naive(logged(800, seed)) for seed in range(60)]
    assert np.mean([each.holds(TRUTH) for each in found]) < 0.5
    assert "naive" in found[0].warnings[0]


def test_doubly_robust_survives_wrong_propensities_when_the_model_is_right_and_the_other_way_round() -> None:
    by_model = doubly_robust(logged(20_000, 1, modelled=RATES, wrong=0.5))
    by_propensity = doubly_robust(logged(20_000, 1, modelled=np.full(4, 0.9)))
    assert by_model.value == pytest.approx(TRUTH, abs=0.02)
    assert by_propensity.value == pytest.approx(TRUTH, abs=0.02)
    assert inverse_propensity(logged(20_000, 1, wrong=0.5)).value == pytest.approx(2 * TRUTH, abs=0.05)


def test_a_good_reward_model_shortens_the_interval() -> None:
    log = logged(2000, 3, modelled=RATES)
    plain, helped = inverse_propensity(log), doubly_robust(log)
    assert helped.high - helped.low < 0.8 * (plain.high - plain.low)


def test_wrong_propensities_are_told_by_the_mean_weight() -> None:
    assert not inverse_propensity(logged(5000, 4)).warnings
    assert any("mean weight" in word for word in inverse_propensity(logged(5000, 4, wrong=0.5)).warnings)


def test_heavy_weights_are_told_and_clipping_says_what_it_costs() -> None:
    propensities = np.r_[np.full(5000, 0.9), np.full(3, 1e-5)]
    log = PolicyLog(np.r_[np.zeros(4000), np.ones(1003)], propensities, np.full(5003, 0.5))
    heavy = inverse_propensity(log)
    assert any("too heavy" in word for word in heavy.warnings)
    assert any("one row carries" in word for word in heavy.warnings)
    cut = inverse_propensity(log, clip=2.0)
    assert cut.clipped == pytest.approx(3 / 5003) and cut.effective > 4000 > 10 > heavy.effective
    assert any("clipped" in word for word in cut.warnings)


def test_few_rewards_make_a_rough_interval() -> None:
    log = PolicyLog(np.r_[1.0, np.zeros(999)], np.full(1000, 0.5), np.full(1000, 0.5))
    assert any("only 1 rewarded" in word for word in self_normalised(log).warnings)


@given(st.lists(st.floats(0.01, 50), min_size=1, max_size=40), st.floats(0.1, 10))
def test_the_effective_size_lies_between_one_and_all_and_has_no_scale(weights: list[float], scale: float) -> None:
    found = effective_size(np.array(weights))
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9
    assert effective_size(np.array(weights) * scale) == pytest.approx(found)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_the_self_normalised_estimate_never_leaves_the_range_of_rewards(seed: int) -> None:
    assert 0.0 <= self_normalised(logged(40, seed)).value <= 1.0


def test_the_same_policy_is_worth_what_it_earned() -> None:
    log = PolicyLog(np.array([1.0, 0, 0, 1]), np.full(4, 0.25), np.full(4, 0.25))
    assert {f(log).value for f in (naive, inverse_propensity, self_normalised)} == {0.5}


@pytest.mark.parametrize(
    ("propensities", "targets", "said"),
    [
        (np.array([0.0, 1]), np.array([0.5, 0.5]), "propensity"),
        (np.array([0.5, 1.5]), np.array([0.5, 0.5]), "propensity"),
        (np.array([0.5, 0.5]), np.array([0.5, 2.0]), "target"),
        (np.array([0.5]), np.array([0.5, 0.5]), "length"),
    ],
)
def test_a_log_that_cannot_be_is_refused(propensities: np.ndarray, targets: np.ndarray, said: str) -> None:
    with pytest.raises(DataError, match=said):
        PolicyLog(np.array([0.0, 1.0]), propensities, targets)


def test_without_support_or_model_there_is_no_estimate() -> None:
    log = PolicyLog(np.array([0.0, 1.0]), np.array([0.5, 0.5]), np.zeros(2))
    with pytest.raises(DataError, match="never shows"):
        self_normalised(log)
    assert inverse_propensity(log).warnings == ("no support: the log never shows what this policy would show",)
    with pytest.raises(DataError, match="reward model"):
        doubly_robust(log)
