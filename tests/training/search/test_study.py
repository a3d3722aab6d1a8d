"""A search finds what is better, keeps to its budget, gives up on what promises nothing, and goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from optuna.distributions import FloatDistribution

from tradewind.errors import ModelError
from tradewind.telemetry import SilentProgress
from tradewind.training.search.figures import history_figure, importance_figure
from tradewind.training.search.space import Space
from tradewind.training.search.study import Found, Limits, search
from tradewind.training.watching import watchers

SPACE = Space({"x": FloatDistribution(0.0, 1.0), "y": FloatDistribution(0.0, 1.0)}, {"x": 0.9, "y": 0.5})


def hill(values: Mapping[str, Any], number: int) -> float:
    return 1.0 - (values["x"] - 0.2) ** 2


def look(folder: Path, tried: Any = hill, minutes: float = 5.0, trials: int = 10, seed: int = 1) -> Found:
    return search(
        SPACE, tried, Limits(minutes, trials), folder / "s" / "x.db", "x", seed=seed, skip=0, progress=SilentProgress()
    )


def test_the_defaults_come_first_and_what_is_better_is_found_and_explained(tmp_path: Path) -> None:
    found = look(tmp_path, trials=14)
    assert found.trials[0].usual
    assert found.trials[0].values == {"x": 0.9, "y": 0.5}
    assert abs(found.best.values["x"] - 0.2) < 0.2
    assert found.best.validated == pytest.approx(hill(found.best.values, 0))
    assert found.importances["x"] > found.importances["y"]
    assert "best so far" in history_figure(found, "accuracy")
    assert "PED-ANOVA" in importance_figure(found)


def test_a_seed_repeats_the_search_and_it_goes_on_with_its_trials(tmp_path: Path) -> None:
    first, same = look(tmp_path / "a", trials=4), look(tmp_path / "b", trials=4)
    assert [trial.values for trial in first.trials] == [trial.values for trial in same.trials]
    more = look(tmp_path / "a", trials=6)
    assert more.resumed == 4
    assert [trial.values for trial in more.trials[:4]] == [trial.values for trial in first.trials]
    assert len({trial.values["x"] for trial in more.trials}) == 6
    nothing_left = look(tmp_path / "a", trials=6, tried=None)
    assert len(nothing_left.trials) == 6


def test_a_search_that_was_killed_in_a_trial_goes_on_without_it(tmp_path: Path) -> None:
    def killed(values: Mapping[str, Any], number: int) -> float:
        if number == 2:
            raise KeyboardInterrupt
        return hill(values, number)

    with pytest.raises(KeyboardInterrupt):
        look(tmp_path, killed, trials=4)
    found = look(tmp_path, trials=4)
    assert [trial.number for trial in found.trials] == [0, 1, 3, 4]


def told(steps: int, values: list[float]) -> float:
    """Tells the watchers a run's validations, as `fit` does."""
    for watcher in watchers():
        watcher.started(SimpleNamespace(plan=SimpleNamespace(steps=steps)))  # type: ignore[arg-type]
    for number, value in enumerate(values, 1):
        for watcher in watchers():
            watcher.validated(round(steps * number / len(values)), value)
    return values[-1]


def test_a_trial_below_the_median_at_the_same_share_of_its_run_is_given_up(tmp_path: Path) -> None:
    lengths: list[int] = []

    def tried(values: Mapping[str, Any], number: int) -> float:
        lengths.append(number)
        base = 0.0 if number >= 5 else 0.8
        return told(20 * (1 + number % 2), [base + 0.01 * place for place in range(6)])

    found = look(tmp_path, tried, trials=7)
    assert [trial.validated is None for trial in found.trials] == [False] * 5 + [True] * 2
    assert len(lengths) == 7


def test_the_budget_in_minutes_ends_a_trial_but_never_the_first(tmp_path: Path) -> None:
    def tried(values: Mapping[str, Any], number: int) -> float:
        time.sleep(0.3)
        return told(10, [0.1, 0.2, 0.3])

    found = look(tmp_path, tried, minutes=0.002)
    assert [trial.validated for trial in found.trials] == [0.3]
    late = look(tmp_path, tried, minutes=0.002, trials=30)
    assert [trial.validated for trial in late.trials[1:]] == [None]


def test_a_loss_that_is_no_number_is_given_up_and_when_all_are_it_is_said(tmp_path: Path) -> None:
    def breaks(values: Mapping[str, Any], number: int) -> float:
        if number != 1:
            raise ModelError("the loss is no longer a number")
        return 0.5

    assert look(tmp_path / "a", breaks, trials=3).best.number == 1
    with pytest.raises(ModelError, match="no trial"):
        look(tmp_path / "b", lambda values, number: breaks(values, 0), trials=2)
