"""The protocol ranks identical texts by the same rule for every method, and no score passes its ceiling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.tasks.baskets import Baskets
from tradewind.tasks.bought_together import BoughtTogether, bought_together, ceiling, popularity_recall, recall
from tradewind.tasks.catalogue_texts import catalogue_texts

TEXTS = ["milk", "milk", "bread", "tea", "milk", "tea", "salt"]
SOLD = np.array([3, 9, 5, 1, 2, 4, 0])
CATALOGUE = catalogue_texts(TEXTS, SOLD)


def _check(anchor: int, answers: Sequence[int]) -> BoughtTogether:
    return BoughtTogether(CATALOGUE, np.array([anchor]), (np.array(answers),), np.arange(4))


def _scores(*order: str) -> object:
    value = {text: float(len(order) - place) for place, text in enumerate(order)}
    return lambda questions, answers: np.array([[value[text] for text in answers]] * len(questions))


def test_identical_texts_stand_most_popular_first() -> None:
    assert CATALOGUE.texts == ("milk", "bread", "tea", "salt")
    assert CATALOGUE.place.tolist() == [1, 0, 0, 1, 2, 0, 0]
    assert CATALOGUE.first.tolist() == [1, 2, 5, 6]
    assert CATALOGUE.sizes.tolist() == [3, 1, 2, 1] and CATALOGUE.sold.tolist() == [14, 5, 5, 0]


def test_a_hit_needs_the_item_that_stands_for_its_text() -> None:
    scorer = _scores("milk", "tea", "bread", "salt")
    popular, other = recall(_check(2, [1]), scorer, k=1), recall(_check(2, [0]), scorer, k=1)  # type: ignore[arg-type]
    assert popular.shown.tolist() == [1.0] and other.shown.tolist() == [0.0]
    assert popular.texts.tolist() == other.texts.tolist() == [1.0]


def test_where_every_item_has_a_place_a_text_takes_as_many_as_it_has_items() -> None:
    scorer = _scores("milk", "tea", "bread", "salt")
    assert recall(_check(6, [5]), scorer, k=3).every.tolist() == [0.0]  # type: ignore[arg-type]
    assert recall(_check(6, [5]), scorer, k=4).every.tolist() == [1.0]  # type: ignore[arg-type]


def test_the_item_asked_about_takes_no_place_and_the_next_of_its_text_stands_in() -> None:
    scorer = _scores("milk", "tea", "bread", "salt")
    found = recall(_check(1, [0, 5]), scorer, k=2)  # type: ignore[arg-type]
    assert found.every.tolist() == [0.5]
    assert found.shown.tolist() == [1.0]


@given(
    anchor=st.integers(0, 6),
    answers=st.sets(st.integers(0, 6), min_size=1),
    values=st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4),
    k=st.integers(1, 5),
)
@settings(max_examples=200, deadline=None)
def test_no_scores_pass_the_ceiling(anchor: int, answers: set[int], values: list[float], k: int) -> None:
    answers = answers - {anchor}
    if not answers:
        return
    check = _check(anchor, sorted(answers))
    best, found = ceiling(check, k), recall(check, lambda questions, _: np.array([values] * len(questions)), k)
    for name, value in found.means().items():
        assert value <= best.means()[name] + 1e-9


def test_some_order_of_texts_reaches_the_ceiling_over_every_item() -> None:
    from itertools import permutations

    check = _check(6, [1, 5, 2])
    for k in range(1, 6):
        orders = permutations(["milk", "bread", "tea", "salt"])
        reached = max(recall(check, _scores(*order), k=k).every[0] for order in orders)  # type: ignore[arg-type]
        assert reached == pytest.approx(ceiling(check, k).every[0])


def test_questions_come_from_baskets_of_two_or_more_and_repeat_for_a_seed() -> None:
    held = Baskets(np.array([0, 2, 5, 3, 1, 6]), np.array([0, 3, 4, 6]))
    first, second = (bought_together(CATALOGUE, held, questions=9, seed=4) for _ in range(2))
    assert len(first.anchors) == 2
    assert first.anchors.tolist() == second.anchors.tolist()
    assert all(anchor not in rows for anchor, rows in zip(first.anchors, first.answers, strict=True))
    with pytest.raises(DataError, match="two items"):
        bought_together(CATALOGUE, Baskets(np.array([1]), np.array([0, 1])), questions=9, seed=4)


def test_a_limited_ranking_keeps_the_questions_texts_and_drops_answers_outside_it() -> None:
    held = Baskets(np.array([1, 2, 6]), np.array([0, 3]))
    check = bought_together(CATALOGUE, held, questions=1, seed=1, ranked=3)
    assert len(check.ranked) == 3
    assert CATALOGUE.text_of[check.anchors[0]] in check.ranked
    assert all(np.isin(CATALOGUE.text_of[rows], check.ranked).all() for rows in check.answers)


def test_popularity_answers_with_what_sells_most() -> None:
    assert popularity_recall(_check(6, [1]), k=1).shown.tolist() == [1.0]


def test_only_what_may_be_asked_about_is_asked_and_its_company_stays_whole() -> None:
    held = Baskets(np.array([0, 2, 6, 1, 3, 4, 6]), np.array([0, 3, 5, 7]))
    check = bought_together(CATALOGUE, held, questions=10, seed=1, asked=np.array([6]))
    assert check.anchors.tolist() == [6, 6]
    assert sorted(rows.tolist() for rows in check.answers) == [[0, 2], [4]]
    with pytest.raises(DataError, match="no held-out basket"):
        bought_together(CATALOGUE, held, questions=10, seed=1, asked=np.array([5]))
