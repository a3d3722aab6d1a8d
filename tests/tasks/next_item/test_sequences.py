"""Sequences of items: what may be learned, what is asked, and what a place in the ranking is worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.evaluation.ranking import ndcg_at_k, recall_at_k
from tradewind.tasks.next_item import Trips
from tradewind.tasks.next_item.sequences import (
    Sequences,
    leave_one_out,
    ndcg,
    ranks,
    recall,
    sequences_of,
    slices,
    time_cut,
)

LISTS = st.lists(st.lists(st.integers(0, 30), max_size=9), min_size=1, max_size=8)


def lists_of(sequences: Sequences) -> list[list[int]]:
    return [sequences[number].tolist() for number in range(len(sequences))]


@given(LISTS, st.integers(1, 6))
def test_cutting_and_choosing_are_what_lists_do(lists: list[list[int]], count: int):
    sequences = sequences_of(lists)
    assert lists_of(sequences) == lists
    assert lists_of(sequences.newest(count)) == [one[-count:] for one in lists]
    assert lists_of(sequences.first(np.full(len(lists), count))) == [one[:count] for one in lists]
    back = np.arange(len(lists))[::-1]
    assert lists_of(sequences.chosen(back)) == lists[::-1]


@given(LISTS)
def test_nothing_asked_about_is_learned(lists: list[list[int]]):
    if max(map(len, lists)) < 4:
        with pytest.raises(DataError):
            leave_one_out(sequences_of(lists))
        return
    split = leave_one_out(sequences_of(lists))
    long = [one for one in lists if len(one) >= 4]
    assert lists_of(split.learn) == [one[:-2] if len(one) >= 4 else one for one in lists]
    assert lists_of(split.validation.histories) == [one[:-2] for one in long]
    assert split.validation.truth.tolist() == [one[-2] for one in long]
    assert lists_of(split.test.histories) == [one[:-1] for one in long]
    assert split.test.truth.tolist() == [one[-1] for one in long]


def test_a_cut_in_time_keeps_everybodys_later_purchases_unlearned():
    days = np.array([0.0, 1.0, 5.0, 9.0, 0.0, 2.0, 7.0])
    trips = Trips(np.arange(7), np.arange(8), days, np.array([0, 4, 7]))
    split = time_cut(trips, validation=4.0, test=6.0)
    assert lists_of(split.learn) == [[0, 1], [4, 5]]
    assert (lists_of(split.validation.histories), split.validation.truth.tolist()) == ([[0, 1]], [2])
    assert (lists_of(split.test.histories), split.test.truth.tolist()) == ([[0, 1, 2], [4, 5]], [3, 6])


def test_the_item_asked_for_does_not_follow_from_its_row():
    # One basket before the cuts, one between, one after, of twenty items each, for forty people.
    days = np.tile([0.0, 5.0, 9.0], 40)
    trips = Trips(np.tile(np.arange(20), 120), np.arange(121) * 20, days, np.arange(41) * 3)
    split = time_cut(trips, validation=4.0, test=6.0)
    assert len(split.test) == 40
    assert 7 < split.test.truth.mean() < 12
    assert sorted(split.learn[0].tolist()) == list(range(20))


def test_a_cut_that_nobody_crosses_is_said_to_be_one():
    trips = Trips(np.arange(3), np.arange(4), np.zeros(3), np.array([0, 3]))
    with pytest.raises(DataError, match="cut"):
        time_cut(trips, 1.0, 2.0)


def test_a_place_is_worth_what_the_metrics_of_lists_say():
    scores = np.random.default_rng(0).normal(size=(40, 15)).astype(np.float32)
    truth = np.random.default_rng(1).integers(0, 15, 40)
    places = ranks(scores, truth)
    for row, right, place in zip(scores, truth, range(40), strict=True):
        ranking = [str(item) for item in np.argsort(-row)]
        assert recall(places)[place] == recall_at_k(ranking, {str(right): 1}, 10)
        assert ndcg(places)[place] == pytest.approx(ndcg_at_k(ranking, {str(right): 1}, 10))


def test_a_model_that_scores_everything_alike_gains_nothing_by_it():
    assert ranks(np.zeros((1, 101)), np.array([0])).tolist() == [51]


def test_every_question_is_in_one_slice():
    seen = np.array([0, 1, 4, 5, 90])
    parts = slices(seen, np.array([0, 1, 2, 3, 4]))
    assert np.sum(list(parts.values()), axis=0).tolist() == [1] * 5
    assert parts["tail"].tolist() == [False, True, True, False, False]
