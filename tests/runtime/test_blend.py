"""One score from three signals."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.features.basket_counts import FEATURES, ItemStatistics
from tradewind.runtime.blend import Blend, best


def some_blend() -> Blend:
    random = np.random.default_rng(3)
    width = len(FEATURES) + 2
    draw = lambda *shape: random.normal(size=shape).astype(np.float32)  # noqa: E731
    return Blend(draw(3), draw(width), np.abs(draw(width)) + 1, ((draw(4, width), draw(4)), (draw(1, 4), draw(1))))


def some_statistics(items: int) -> ItemStatistics:
    random = np.random.default_rng(4)
    return ItemStatistics(*(random.normal(size=items).astype(np.float32) for _ in range(4)))


def test_only_what_was_bought_before_gets_more_than_sequence_and_popularity():
    blend, statistics = some_blend(), some_statistics(9)
    sequence = np.linspace(-1, 1, 9).astype(np.float32)
    features = np.ones((2, len(FEATURES)), dtype=np.float32)
    changed = blend.score(sequence, np.array([2, 5]), features, statistics) != blend.everywhere(sequence, statistics)
    assert np.flatnonzero(changed).tolist() == [2, 5]


def test_a_blend_comes_back_from_its_arrays():
    blend = some_blend()
    again = Blend.of_arrays(blend.arrays() | {"vectors": np.zeros(2)})
    features, sequence = np.ones((3, len(FEATURES)), dtype=np.float32), np.zeros(3, dtype=np.float32)
    assert np.array_equal(
        blend.bought_before(features, sequence, sequence), again.bought_before(features, sequence, sequence)
    )


@given(st.lists(st.integers(-4, 4), max_size=30), st.integers(0, 12))
def test_the_best_are_the_highest_and_equal_ones_stand_by_place(values: list[int], k: int):
    scores = np.array(values, dtype=np.float32)
    expected = sorted(range(len(values)), key=lambda place: (-values[place], place))[:k]
    assert best(scores, k).tolist() == expected
