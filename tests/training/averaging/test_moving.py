"""A moving average of the weights: what it is, that it is validated and kept, and that a run goes on with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tradewind.telemetry import SilentProgress
from tradewind.training.averaging.moving import MovingAverage
from tradewind.training.plan import Plan
from tradewind.training.trainer import Curves, Objective, fit

PLAN = Plan("full", 24, 4, 1, 4, 0.05, "adamw", 0.0, 0.1, 0.0, 99, 13, 1, ema=0.8)


class Line(Objective):
    """Fits a line, with dropout so that the random state counts, and notes its weights after every step."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.line = nn.Linear(3, 1)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": ((self.line(self.dropout(x)).squeeze(-1) - y) ** 2).mean()}


class Points:
    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(place))
        return {"x": x, "y": x.sum(-1)}


Seen = list[torch.Tensor]


def learn(folder: Path, plan: Plan, told: Callable[[int], float] = float) -> tuple[Line, Seen, Curves]:
    """Runs the plan; `told` gives the score of the n-th validation, `Seen` are the weights that were validated."""
    line, seen = Line(), []

    def validate() -> float:
        seen.append(line.line.weight.detach().clone())
        return told(len(seen))

    curves = fit(line, Points(plan.batches), plan, folder, validate=validate, watched="w", progress=SilentProgress())
    return line, seen, curves


@given(decay=st.floats(0.5, 0.999), values=st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=20))
def test_the_average_is_the_recurrence_and_stays_between_the_extremes(decay: float, values: list[float]) -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average, expected = MovingAverage(model, decay), 0.0
    for step, value in enumerate(values, 1):
        nn.init.constant_(model.weight, value)
        average.update(step)
        share = min(decay, (1 + step) / (10 + step))
        expected = share * expected + (1 - share) * value
    with average.in_place():
        assert float(model.weight) == pytest.approx(expected, abs=1e-5)
    assert float(model.weight) == pytest.approx(values[-1])


def test_what_is_validated_and_kept_is_the_average_of_the_step_that_validated_best(tmp_path: Path) -> None:
    line, seen, curves = learn(tmp_path, PLAN, lambda n: 1.0 if n == 3 else 0.0)
    assert curves.best_step == 12
    assert torch.equal(line.line.weight, seen[2])
    _, plain, _ = learn(tmp_path / "plain", replace(PLAN, ema=0.0), lambda n: 1.0 if n == 3 else 0.0)
    assert not torch.equal(plain[2], seen[2])


def test_the_average_does_not_change_where_the_weights_go(tmp_path: Path) -> None:
    """The loss of every step is that of the moving weights."""
    _, _, averaged = learn(tmp_path / "averaged", PLAN)
    _, _, plain = learn(tmp_path / "plain", replace(PLAN, ema=0.0))
    assert averaged.loss == plain.loss


@pytest.mark.parametrize("accumulation", [1, 2])
def test_an_interrupted_run_ends_with_the_same_average(tmp_path: Path, accumulation: int) -> None:
    plan = replace(PLAN, accumulation=accumulation)
    straight, _, _ = learn(tmp_path / "straight", plan)

    def broken(n: int) -> float:
        if n == 4:
            raise KeyboardInterrupt
        return float(n)

    with pytest.raises(KeyboardInterrupt):
        learn(tmp_path / "broken", plan, broken)
    line, _, curves = learn(tmp_path / "broken", plan, lambda n: float(n + 3))
    assert curves.resumed_from == 12
    assert torch.equal(line.line.weight, straight.line.weight)


def test_only_steps_count_and_not_the_batches_that_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    real = MovingAverage.update
    monkeypatch.setattr(MovingAverage, "update", lambda self, step: (counted.append(step), real(self, step))[1])
    learn(tmp_path, replace(PLAN, steps=6, accumulation=3))
    assert counted == [1, 2, 3, 4, 5, 6]


def test_a_rank_that_was_taken_away_stays_away_in_the_average() -> None:
    model = nn.Module()
    model.lora_E = nn.Parameter(torch.ones(2, 1))
    average = MovingAverage(model, 0.9)
    with torch.no_grad():
        model.lora_E[0] = 0.0
    average.update(50)
    with average.in_place():
        assert model.lora_E.tolist() == [[0.0], [1.0]]
