from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.evaluation.calibration import (
    Isotonic,
    Platt,
    brier,
    calibrator_of,
    equal_mass_error,
    fit_isotonic,
    fit_platt,
    log_loss,
    reliability,
)


def outcomes_of(chances: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(len(chances)) < chances


def too_sure(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns probabilities whose log-odds are twice what they should be, and outcomes."""
    odds = np.random.default_rng(seed).normal(size=count) - 1
    return 1 / (1 + np.exp(-2 * odds)), outcomes_of(1 / (1 + np.exp(-odds)), seed + 1)


def test_both_maps_repair_a_model_that_is_too_sure_on_outcomes_they_never_saw() -> None:
    probabilities, outcomes = too_sure(8000, 0)
    fresh, truth = too_sure(8000, 7)
    raw = equal_mass_error(fresh, truth)
    assert raw > 0.05
    for fit in (fit_platt, fit_isotonic):
        mended = fit(probabilities, outcomes).apply(fresh)
        assert equal_mass_error(mended, truth) < 0.025 < raw
        assert log_loss(mended, truth) < log_loss(fresh, truth)
        assert brier(mended, truth) < brier(fresh, truth)


def test_platt_finds_the_slope_that_made_the_outcomes() -> None:
    found = fit_platt(*too_sure(40_000, 3))
    assert found.slope == pytest.approx(0.5, abs=0.03) and found.intercept == pytest.approx(0.0, abs=0.05)


def test_isotonic_equals_the_pooled_means_of_a_worked_example() -> None:
    found = fit_isotonic(np.array([0.1, 0.2, 0.3, 0.4]), np.array([False, True, False, True]))
    assert found.inputs == (0.1, 0.2, 0.3, 0.4) and found.outputs == (0.0, 0.5, 0.5, 1.0)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60))
def test_an_isotonic_map_rises_and_keeps_the_mean(pairs: list[tuple[float, bool]]) -> None:
    probabilities, outcomes = np.array([p for p, _ in pairs]), np.array([o for _, o in pairs])
    if outcomes.all() or not outcomes.any():
        with pytest.raises(DataError, match="both kinds"):
            fit_isotonic(probabilities, outcomes)
        return
    mapped = fit_isotonic(probabilities, outcomes).apply(probabilities)
    assert np.all(np.diff(mapped[np.argsort(probabilities, kind="stable")]) >= -1e-12)
    assert mapped.mean() == pytest.approx(outcomes.mean())


def test_rare_outcomes_do_not_hide_in_one_wide_bin() -> None:
    chances = np.r_[np.full(9000, 0.001), np.full(1000, 0.04)]
    outcomes = outcomes_of(chances)
    assert equal_mass_error(np.full(10_000, outcomes.mean()), outcomes) < 0.02
    swapped = np.r_[np.full(9000, 0.02), np.full(1000, 0.0)]
    assert equal_mass_error(swapped, outcomes) > 0.015


def test_reliability_bins_hold_every_example_once() -> None:
    probabilities = np.linspace(0, 1, 103)
    bins = reliability(probabilities, outcomes_of(probabilities))
    assert sum(count for _, _, count in bins) == 103
    assert [mean for mean, _, _ in bins] == sorted(mean for mean, _, _ in bins)


@pytest.mark.parametrize("made", [Platt(0.7, -0.2), Isotonic((0.0, 0.5, 1.0), (0.1, 0.1, 0.9))])
def test_a_map_survives_being_written(made: Platt | Isotonic) -> None:
    assert calibrator_of(json.loads(json.dumps(made.as_json()))) == made


@pytest.mark.parametrize(
    "told",
    [{"kind": "magic"}, {"kind": "isotonic", "inputs": [0, 1], "outputs": [1, 0]},
     {"kind": "isotonic", "inputs": [0.0], "outputs": []}],
)  # fmt: skip
def test_a_map_that_is_none_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(DataError):
        calibrator_of(told)


def test_no_outcome_no_map() -> None:
    with pytest.raises(DataError, match="both kinds"):
        fit_platt(np.array([0.2, 0.4]), np.array([False, False]))
