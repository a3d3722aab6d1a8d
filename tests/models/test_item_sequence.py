"""The item-level model: causal, packed sequences keep apart, and an item without history is known by its text."""

from __future__ import annotations

import pytest
import torch

from tradewind.models.item_sequence import ItemSequenceConfig, ItemSequenceModel, PackedRows

CONFIG = ItemSequenceConfig(items=9, dimension=8, blocks=2, heads=2, length=6, dropout=0.5)


@pytest.fixture
def model() -> ItemSequenceModel:
    torch.manual_seed(0)
    return ItemSequenceModel(CONFIG).eval()


def states(model: ItemSequenceModel, *sequences: list[int]) -> list[torch.Tensor]:
    """Returns each sequence's states, all of them side by side in one row."""
    items = torch.tensor([[item for one in sequences for item in one]])
    ages = torch.tensor([[len(one) - 1 - place for one in sequences for place in range(len(one))]])
    owner = torch.tensor([[number for number, one in enumerate(sequences) for _ in one]])
    found = model(model.items(items.flatten()).view(*items.shape, -1), PackedRows(items, ages, owner))
    return list(found[0].split([len(one) for one in sequences]))


def test_a_later_item_changes_nothing_before_it(model: ItemSequenceModel):
    (one,), (other,) = states(model, [1, 2, 3]), states(model, [1, 2, 7])
    assert torch.allclose(one[:2], other[:2], atol=1e-6)
    assert not torch.allclose(one[2], other[2], atol=1e-3)


def test_a_sequence_is_the_same_alone_and_beside_others(model: ItemSequenceModel):
    (alone,) = states(model, [4, 5])
    beside = states(model, [1, 2, 3], [4, 5], [8])
    assert torch.allclose(alone, beside[1], atol=1e-6)


def test_the_order_of_items_matters(model: ItemSequenceModel):
    (one,), (other,) = states(model, [1, 2, 3]), states(model, [2, 1, 3])
    assert not torch.allclose(one[2], other[2], atol=1e-4)


def test_items_of_the_same_text_have_the_same_vector_and_their_text_never_moves():
    text = torch.randn(9, 4)
    text[3] = text[5]
    model = ItemSequenceModel(ItemSequenceConfig(items=9, text=4, dimension=8), text).eval()
    side = model.item_side()
    assert torch.allclose(side[3], side[5])
    assert not torch.allclose(side[3], side[4], atol=1e-3)
    assert not any(name.endswith("text") for name, _ in model.named_parameters())


def test_with_a_temperature_scores_are_cosines_over_it():
    model = ItemSequenceModel(ItemSequenceConfig(items=9, dimension=8, temperature=0.1)).eval()
    (state,) = states(model, [1, 2, 3])
    scores = state @ model.item_side().T
    assert scores.abs().max() <= 10.0 + 1e-4
    assert torch.allclose(state.norm(dim=-1) ** 2, torch.full((3,), 10.0), atol=1e-4)
