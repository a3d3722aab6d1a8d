"""Soups: the mean of weights, and the greedy choice that never validates worse than the best ingredient."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tradewind.telemetry import SilentProgress
from tradewind.training.averaging.soup import Ingredient, make_soup
from tradewind.training.plan import Plan
from tradewind.training.trainer import Objective, fit


class Point(Objective):
    """One number; it should be 1."""

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor([value]))

    def forward(self, target: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": ((self.value - target) ** 2).mean()}

    def score(self) -> float:
        return -abs(float(self.value) - 1.0)


class Targets:
    def __len__(self) -> int:
        return 40

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        return {"target": torch.tensor([1.0 + (-1.0) ** place])}


def ingredients(values: list[float]) -> list[Ingredient]:
    return [Ingredient({"value": torch.tensor([value])}, -abs(value - 1.0)) for value in values]


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=6))
def test_a_greedy_soup_is_no_worse_than_its_best_ingredient_and_says_how_it_validated(values: list[float]) -> None:
    model = Point()
    soup = make_soup(model, ingredients(values), "greedy", model.score)
    assert soup.score >= max(-abs(value - 1.0) for value in values) - 1e-6
    assert model.score() == pytest.approx(soup.score, abs=1e-6)
    assert float(model.value) == pytest.approx(sum(values[place] for place in soup.taken) / len(soup.taken), abs=1e-5)


def test_two_sides_of_a_valley_are_taken_and_a_far_one_is_not() -> None:
    model = Point()
    soup = make_soup(model, ingredients([0.5, 1.5, 9.0]), "greedy", model.score)
    assert (soup.taken, float(model.value)) == ((0, 1), 1.0)


def test_a_uniform_soup_takes_all() -> None:
    model = Point()
    soup = make_soup(model, ingredients([0.0, 3.0, 9.0]), "uniform", model.score)
    assert (soup.taken, float(model.value)) == ((0, 1, 2), 4.0)


@pytest.mark.parametrize("kind", ["greedy", "uniform"])
def test_a_run_ends_with_the_mean_of_its_last_checkpoints(tmp_path: Path, kind: str) -> None:
    """The learning rate is too high, so that the number jumps to and fro around 1; the mean lies nearer to it."""
    plan = Plan("full", 40, 4, 1, 1, 0.4, "sgd", 0.0, 0.0, 0.0, 99, 13, 1, schedule="constant")
    plan = Plan(**{**{name: getattr(plan, name) for name in plan.__slots__}, "checkpoints": 4, "soup": kind})
    point = Point(5.0)
    curves = fit(point, Targets(), plan, tmp_path, validate=point.score, watched="w", progress=SilentProgress())
    assert curves.averaged
    if kind == "uniform":
        assert len(curves.averaged) == 4 and curves.averaged[-3:] == (38, 39, 40)
    else:
        assert curves.best_step in curves.averaged
        assert point.score() >= max(value for _, value in curves.validation) - 1e-6
