"""The sequence model: causal, order of baskets and time matter, and an item without history is its text alone."""

from __future__ import annotations

import pytest
import torch

from tradewind.models.sequence import ItemSide, SequenceConfig, SequenceModel, pool

CONFIG = SequenceConfig(text=6, learned=3, dimension=8, dropout=0.5)


@pytest.fixture
def model() -> SequenceModel:
    torch.manual_seed(0)
    return SequenceModel(CONFIG).eval()


def row(baskets: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    days = torch.arange(baskets, dtype=torch.float32)[None] * 3
    return torch.randn(1, baskets, 8), torch.randn(1, baskets, 4), days


def test_a_later_basket_changes_nothing_before_it(model: SequenceModel):
    pooled, times, days = row(5)
    before = model(pooled, times, days)
    pooled[0, 4] += torch.arange(8.0)
    after = model(pooled, times, days)
    assert torch.allclose(before[:, :4], after[:, :4], atol=1e-6)
    assert not torch.allclose(before[:, 4], after[:, 4], atol=1e-3)


def test_how_long_ago_a_basket_was_matters(model: SequenceModel):
    pooled, times, days = row(4)
    far = days.clone()
    far[:, 3] += 100.0
    assert not torch.allclose(model(pooled, times, days)[:, 3], model(pooled, times, far)[:, 3], atol=1e-4)


def test_padding_behind_changes_nothing(model: SequenceModel):
    pooled, times, days = row(6)
    whole = model(pooled, times, days)
    short = model(pooled[:, :4], times[:, :4], days[:, :4])
    assert torch.allclose(whole[:, :4], short, atol=1e-5)


def test_an_item_without_history_is_its_text_alone_and_stays_so(model: SequenceModel):
    text = torch.randn(2, 6)
    side = model.items(text, torch.tensor([0, 2]), torch.zeros(2))
    assert torch.allclose(side.vectors[0], model.items.adaptor(text[0]))
    side.vectors.sum().backward()
    assert model.items.residual.weight.grad is not None
    assert model.items.residual.weight.grad[0].abs().sum() == 0
    assert model.items.residual.weight.grad[2].abs().sum() > 0


def test_a_basket_is_the_weighted_sum_of_its_items():
    side = ItemSide(torch.eye(3), torch.zeros(3), torch.log(torch.tensor([1.0, 2.0, 3.0])))
    pooled = pool(side, torch.tensor([0, 1, 2]), torch.tensor([0, 0, 1]), 3)
    assert torch.allclose(pooled, torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]]))
