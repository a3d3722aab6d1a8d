"""A rising rate finds what a run can take, and leaves no trace in it."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from torch import nn

from tradewind.telemetry import SilentProgress
from tradewind.training.plan import Plan
from tradewind.training.rate_figure import rate_figure
from tradewind.training.rate_test import RateKnown, RateTest, range_test
from tradewind.training.trainer import Objective, fit
from tradewind.training.watching import Start, watched_by


def plan(optimiser: str = "sgd", rate: float = 0.01) -> Plan:
    return Plan("full", 10, 8, 1, 5, rate, optimiser, 0.0, 0.1, 0.0, 9, 13, 1)  # type: ignore[arg-type]


class Bowl(Objective):
    """A squared error whose curvature is 2 in every direction: gradient descent diverges from a known rate on."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.line = nn.Linear(4, 1, bias=False)
        self.norm = nn.BatchNorm1d(4, affine=False)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        self.norm(x)
        self.dropout(x)
        return {"loss": ((self.line(x) - 3 * x.sum(-1, keepdim=True)) ** 2).mean()}


class Batches:
    def __len__(self) -> int:
        return 7

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        return {"x": torch.randn(64, 4, generator=torch.Generator().manual_seed(place))}


def test_the_steepest_rate_lies_below_the_bound_and_the_bound_where_theory_puts_it() -> None:
    curve = range_test(Start(Bowl(), Batches(), plan(), "w"))
    assert curve.steepest is not None
    assert curve.bound is not None
    # Heavy ball with momentum .9 is stable below (2 + 2 · .9) / 2 = 1.9 (clipping lets it go on a little).
    assert 0.02 < curve.steepest < curve.bound < 6
    assert curve.suggested == min(curve.steepest, curve.bound / 3)
    assert f"learning_rate: {curve.suggested:.1e}" in curve.as_text()


def test_weights_buffers_modes_and_chance_are_what_they_were() -> None:
    bowl = Bowl().eval()
    before = {name: value.clone() for name, value in nn.Module.state_dict(bowl).items()}
    chance = torch.get_rng_state()
    range_test(Start(bowl, Batches(), plan(), "w"), 30)
    assert all(torch.equal(value, before[name]) for name, value in nn.Module.state_dict(bowl).items())
    assert torch.equal(torch.get_rng_state(), chance)
    assert not bowl.training
    assert all(parameter.grad is None for parameter in bowl.parameters())


def test_a_loss_that_is_no_number_ends_the_test_and_is_named() -> None:
    class Breaks(Bowl):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            found = super().forward(x)["loss"]
            return {"loss": found * (math.nan if float(found.detach()) < 3.0 else 1.0)}

    bowl = Breaks()
    curve = range_test(Start(bowl, Batches(), plan(), "w"))
    assert curve.stopped is not None
    assert len(curve.rates) < 100
    assert torch.isfinite(bowl.line.weight).all()
    assert "<svg" in rate_figure(curve)


def test_a_loss_that_never_falls_gives_no_rate() -> None:
    class Flat(Bowl):
        def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"loss": 0.0 * self.line(x).mean() + 1.0 + 0.01 * x.mean()}

    curve = range_test(Start(Flat(), Batches(), plan(), "w"))
    assert curve.steepest is None
    assert "fell at none" in curve.as_text()


@pytest.mark.parametrize("optimiser", ["adamw", "adafactor"])
def test_other_optimisers_are_tested_with_their_own_steps(optimiser: str) -> None:
    curve = range_test(Start(Bowl(), Batches(), plan(optimiser), "w"), 60)
    assert curve.steepest is not None


def test_the_test_ends_the_run_that_it_was_begun_for_and_lets_others_before_it_go_on(tmp_path: Path) -> None:
    test, bowl = RateTest(steps=30, skip=1), Bowl()
    ended = []
    with watched_by(test), suppress(RateKnown):
        for name in ("first", "second"):
            fit(
                bowl, Batches(), plan(), tmp_path / name,
                validate=lambda: 0.0, watched="w", progress=SilentProgress(),
            )  # fmt: skip
            ended.append(name)
    assert ended == ["first"]
    assert test.curve is not None
