"""Neighbours are the nearest others, and chance is what drawing others would give."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.tasks.recognise.likeness import chance_share, nearest, same_label_share

VECTORS = np.array([[1, 0], [0.99, 0.14], [0, 1], [0.14, 0.99]], np.float32)


def test_nearest_leaves_the_picture_itself_out() -> None:
    assert nearest(VECTORS, 1)[:, 0].tolist() == [1, 0, 3, 2]
    assert nearest(VECTORS, 9).shape == (4, 3)


def test_neighbours_of_the_same_kind_are_counted() -> None:
    assert same_label_share(nearest(VECTORS, 1), ["a", "a", "b", "b"]) == 1.0
    assert same_label_share(nearest(VECTORS, 1), ["a", "b", "a", "b"]) == 0.0
    assert same_label_share(nearest(VECTORS[:1], 3), ["a"]) == 0.0


@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=30))
def test_chance_is_what_all_others_as_neighbours_give(labels: list[str]) -> None:
    others = np.array([[n for n in range(len(labels)) if n != row] for row in range(len(labels))])
    assert abs(chance_share(labels) - same_label_share(others, labels)) < 1e-9
