"""Batches are of like length, keep apart what must not meet, use every example, and repeat for a seed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.training.batches import by_length


@given(
    groups=st.lists(st.integers(-1, 6), min_size=1, max_size=60),
    size=st.integers(2, 9),
    seed=st.integers(0, 9),
)
@settings(max_examples=100, deadline=None)
def test_no_batch_holds_two_of_a_group(groups: list[int], size: int, seed: int) -> None:
    codes = np.array(groups)
    batches = by_length(np.ones(len(groups), int), count=12, size=size, seed=seed, apart=(codes,))
    assert batches
    for batch in batches:
        held = codes[batch][codes[batch] >= 0]
        assert len(set(held.tolist())) == len(held)
        assert 1 <= len(batch) <= size and len(set(batch.tolist())) == len(batch)


def test_an_epoch_uses_every_example_once_and_pads_little() -> None:
    lengths = np.random.default_rng(1).integers(4, 40, 640)
    batches = by_length(lengths, count=40, size=16, seed=3)
    assert sorted(np.concatenate(batches).tolist()) == list(range(640))
    padded = sum(len(batch) * lengths[batch].max() for batch in batches)
    shuffled = np.random.default_rng(2).permutation(640).reshape(40, 16)
    assert padded < 1.2 * lengths.sum() < sum(16 * lengths[batch].max() for batch in shuffled)


def test_a_seed_repeats_its_order_and_epochs_differ() -> None:
    lengths = np.arange(20)
    first, second = (by_length(lengths, count=10, size=4, seed=7) for _ in range(2))
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in second]
    assert [sorted(batch.tolist()) for batch in first[:5]] != [sorted(batch.tolist()) for batch in first[5:]]


def test_nothing_gives_no_batches() -> None:
    assert by_length(np.zeros(0, int), count=3, size=4, seed=1) == []
