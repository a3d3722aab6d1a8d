"""Counting what was bought together: every figure against one made by hand or by the slow way."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.tasks.baskets import Baskets
from tradewind.tasks.catalogue_texts import CatalogueTexts, catalogue_texts
from tradewind.tasks.scoring import blended
from tradewind.tasks.shared_baskets import Neighbourhood, by_baskets, shared_baskets

TEXTS = ["milk", "bread", "cheese", "milk", "rare"]


def _catalogue() -> CatalogueTexts:
    return catalogue_texts(TEXTS, np.zeros(len(TEXTS), np.int64))


def _baskets(*rows: list[int]) -> Baskets:
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Baskets(np.array([item for row in rows for item in row], dtype=np.int64), starts)


def test_a_basket_with_two_items_of_a_text_counts_the_text_once() -> None:
    shared = shared_baskets(_catalogue(), _baskets([0, 1, 3], [0, 1], [2]))
    milk, bread = 0, 1
    assert shared.others[shared.of(milk)].tolist() == [bread]
    assert shared.counts[shared.of(milk)].tolist() == [2.0]
    assert shared.held.tolist() == [2, 2, 1, 0]
    assert shared.known() == {(milk, bread), (bread, milk)}


def test_the_score_is_the_cosine_shrunk() -> None:
    shared = shared_baskets(_catalogue(), _baskets([0, 1], [0, 2], [0, 2], [1]))
    scores = by_baskets(shared, Neighbourhood(power=0.5, shrink=0.0))(["milk"], ["bread", "cheese", "rare"])
    assert np.allclose(scores, [[1 / np.sqrt(3 * 2), 2 / np.sqrt(3 * 2), 0.0]])
    shrunk = by_baskets(shared, Neighbourhood(power=0.5, shrink=4.0))(["milk"], ["cheese"])
    assert np.allclose(shrunk, [[2 / (np.sqrt(3 * 2) + 4.0)]])


def test_large_baskets_weigh_less_when_damped_and_nothing_beyond_the_largest() -> None:
    bought = _baskets([0, 1], [0, 1, 2, 4])
    damped = shared_baskets(_catalogue(), bought, damping=1.0)
    assert np.allclose(damped.counts[damped.of(0)], [1 / 2 + 1 / 4, 1 / 4, 1 / 4])
    small = shared_baskets(_catalogue(), bought, largest=3)
    assert small.others[small.of(0)].tolist() == [1] and small.held.tolist() == [2, 2, 1, 1]


@given(st.lists(st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=5, unique=True), max_size=12))
def test_counts_agree_with_counting_pair_by_pair(rows: list[list[int]]) -> None:
    catalogue = _catalogue()
    shared = shared_baskets(catalogue, _baskets(*rows))
    slow = np.zeros((4, 4))
    for row in rows:
        texts = {int(catalogue.text_of[item]) for item in row}
        for left in texts:
            for right in texts - {left}:
                slow[left, right] += 1
    dense = np.zeros((4, 4))
    for text in range(4):
        dense[text, shared.others[shared.of(text)]] = shared.counts[shared.of(text)]
    assert np.array_equal(dense, slow)


def test_a_side_that_knows_nothing_leaves_the_blend_to_the_other() -> None:
    knows = lambda questions, answers: np.array([[3.0, 1.0, 2.0]])  # noqa: E731
    silent = lambda questions, answers: np.full((1, 3), 0.1)  # noqa: E731
    for share in (0.3, 0.7):
        assert np.argsort(-blended(knows, silent, share)(["q"], list("abc"))).tolist() == [[0, 2, 1]]
    only = blended(knows, silent, 0.0)(["q"], list("abc"))
    assert np.array_equal(only, np.zeros((1, 3)))


def test_both_sides_count_alike_whatever_their_scale() -> None:
    large = lambda questions, answers: np.array([[1000.0, 0.0, 0.0, 500.0]])  # noqa: E731
    small = lambda questions, answers: np.array([[0.0, 0.001, 0.0, 0.0005]])  # noqa: E731
    scores = blended(large, small, 0.5)(["q"], list("abcd"))[0]
    assert np.isclose(scores[0], scores[1]) and scores[3] > scores[0] > scores[2]
