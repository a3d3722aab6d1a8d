"""Ranking losses: lower for the right order, blind to other queries, and equal to the formulas of their papers."""

from __future__ import annotations

import math

import pytest
import torch

from tradewind.training.rank.losses import listwise, pairwise, regression

GRADES = torch.tensor([3, 0, 1, 2])
GROUPS = torch.tensor([0, 0, 1, 1])


@pytest.mark.parametrize("loss", [pairwise, listwise, regression])
def test_the_right_order_costs_less_than_the_wrong_one(loss) -> None:  # type: ignore[no-untyped-def]
    right = torch.tensor([3.0, 0.0, 1.0, 2.0])
    assert loss(right, GRADES, GROUPS) < loss(-right, GRADES, GROUPS)


@pytest.mark.parametrize("loss", [pairwise, listwise])
def test_a_query_as_a_whole_may_move(loss) -> None:  # type: ignore[no-untyped-def]
    scores = torch.tensor([1.0, -0.5, 0.3, 0.4])
    moved = scores + torch.tensor([7.0, 7.0, 0.0, 0.0])
    torch.testing.assert_close(loss(moved, GRADES, GROUPS), loss(scores, GRADES, GROUPS))


def test_pairwise_is_the_mean_log_loss_of_its_pairs() -> None:
    found = pairwise(torch.tensor([1.0, 0.0, 0.0, 0.0]), GRADES, GROUPS)
    assert float(found) == pytest.approx((math.log1p(math.exp(-1)) + math.log(2)) / 2)


def test_listwise_is_the_cross_entropy_of_the_top_place() -> None:
    wanted = torch.softmax(torch.tensor([3.0, 0.0]), 0)
    found = listwise(torch.tensor([0.0, 0.0]), GRADES[:2], GROUPS[:2])
    assert float(found) == pytest.approx(float(-(wanted * math.log(0.5)).sum()))


@pytest.mark.parametrize("loss", [pairwise, listwise])
def test_grades_all_alike_cost_nothing_and_still_have_a_gradient(loss) -> None:  # type: ignore[no-untyped-def]
    scores = torch.tensor([1.0, 2.0], requires_grad=True)
    found = loss(scores, torch.tensor([1, 1]), torch.tensor([0, 0]))
    found.backward()
    assert float(found.detach()) == 0.0
    assert scores.grad is not None
