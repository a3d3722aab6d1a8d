"""Judged queries: the metric over judged items alone, and folds that no query straddles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.tasks.rank.folds import out_of_fold
from tradewind.tasks.rank.judged import JudgedQuery, answerable, judged_queries, query_folds, stacked

MILK = JudgedQuery("milk", ("a", "b", "c"), np.array([0, 3, 1]))


def test_the_best_order_scores_one_and_the_worst_what_the_formula_says() -> None:
    assert MILK.ndcg(np.array([0.0, 2.0, 1.0])) == pytest.approx(1.0)
    best = 3 + 1 / np.log2(3)
    assert MILK.ndcg(np.array([2.0, 0.0, 1.0])) == pytest.approx((1 / np.log2(3) + 3 / 2) / best)


def test_of_equal_scores_the_one_that_stands_first_is_ranked_first() -> None:
    assert MILK.ndcg(np.zeros(3)) == pytest.approx((3 / np.log2(3) + 1 / 2) / (3 + 1 / np.log2(3)))


def test_a_query_without_candidates_is_left_out_and_grades_keep_their_items() -> None:
    (only,) = judged_queries({"milk": {"a": 0, "b": 3}, "nothing": {}})
    assert dict(zip(only.items, only.grades.tolist(), strict=True)) == {"a": 0, "b": 3}


def test_scores_and_grades_of_other_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="3 candidates with 2 scores"):
        MILK.ndcg(np.zeros(2))
    with pytest.raises(DataError, match="1 candidates with 2 grades"):
        JudgedQuery("milk", ("a",), np.array([0, 1]))


@given(st.integers(5, 60), st.integers(2, 5), st.integers(0, 99))
def test_folds_are_of_like_size_and_hold_as_many_answerable_queries(count: int, folds: int, seed: int) -> None:
    queries = [JudgedQuery(str(n), ("a",), np.array([n % 3])) for n in range(count)]
    fold = query_folds(queries, folds, seed)
    for rows in (np.ones(count, dtype=bool), answerable(queries, 1)):
        sizes = np.bincount(fold[rows], minlength=folds)
        assert sizes.max() - sizes.min() <= 1


def test_too_few_queries_for_the_folds_are_refused() -> None:
    with pytest.raises(DataError, match="do not fill 5 folds"):
        query_folds([MILK], 5, 13)


def test_no_query_is_scored_by_what_learned_from_it() -> None:
    queries = [JudgedQuery(str(n), ("a",), np.array([n % 2])) for n in range(10)]

    def fit(train: np.ndarray):  # type: ignore[no-untyped-def]
        known = set(train.tolist())
        assert len(known) == 8
        return lambda place: np.array([float(place in known)])

    assert [scores.tolist() for scores in out_of_fold(queries, fit, folds=5, seed=13)] == [[0.0]] * 10


def test_stacked_rows_know_their_query() -> None:
    rows, numbers = stacked([np.ones((2, 3)), np.zeros((1, 3))])
    assert rows.shape == (3, 3)
    assert numbers.tolist() == [0, 0, 1]
