"""Counts of what a household bought are one definition, whoever computes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.features.basket_counts import (
    FEATURES,
    History,
    decayed_counts,
    history_of,
    household_features,
    item_statistics,
)

ITEMS = 12


@dataclass(frozen=True)
class Trip:
    time: datetime
    items: tuple[str, ...]


def history(*baskets: tuple[float, list[int]]) -> History:
    items = [item for _, basket in baskets for item in basket]
    numbers = np.repeat(np.arange(len(baskets)), [len(basket) for _, basket in baskets])
    return History(np.array(items, dtype=np.int64), numbers, np.array([day for day, _ in baskets]))


def flat_statistics():
    everything = np.arange(ITEMS)
    return item_statistics(everything, everything, np.zeros(ITEMS), ITEMS)


@st.composite
def histories(draw: st.DrawFn) -> History:
    baskets = draw(st.lists(st.sets(st.integers(0, ITEMS - 1), min_size=1), min_size=1, max_size=8))
    gaps = draw(st.lists(st.floats(0, 40), min_size=len(baskets), max_size=len(baskets)))
    return history(*zip(np.cumsum(gaps).tolist(), map(sorted, baskets), strict=True))


def column(features: np.ndarray, name: str) -> np.ndarray:
    return features[:, FEATURES.index(name)]


def test_a_purchase_one_half_life_ago_counts_half():
    items, counts = decayed_counts(history((0.0, [3]), (1.0, [5]), (2.0, [3])), 2.0)
    assert items.tolist() == [3, 5]
    assert counts == pytest.approx([1.0 + 0.5, 0.5**0.5])


def test_without_a_half_life_every_purchase_counts_one():
    items, counts = decayed_counts(history((0.0, [1, 2]), (9.0, [2])), None)
    assert dict(zip(items.tolist(), counts.tolist(), strict=True)) == {1: 1.0, 2: 2.0}


def test_intervals_and_ages_run_to_the_last_basket():
    items, features = household_features(history((0.0, [4]), (10.0, [4]), (14.0, [7])), flat_statistics())
    assert items.tolist() == [4, 7]
    assert np.expm1(column(features, "log_days_since")) == pytest.approx([4.0, 0.0])
    assert np.expm1(column(features, "log_interval_days"))[0] == pytest.approx(10.0)
    assert column(features, "in_last_basket").tolist() == [0.0, 1.0]
    assert column(features, "bought_once").tolist() == [0.0, 1.0]


@given(histories(), st.floats(-1000, 1000))
def test_features_do_not_depend_on_when_time_began(found: History, shift: float):
    moved = History(found.items, found.baskets, found.days + round(shift))
    a, b = (household_features(one, flat_statistics())[1] for one in (found, moved))
    assert np.allclose(a, b, atol=1e-4)


@given(histories())
def test_features_are_finite_and_one_row_an_item(found: History):
    items, features = household_features(found, flat_statistics())
    assert items.tolist() == sorted(set(found.items.tolist()))
    assert features.shape == (len(items), len(FEATURES))
    assert np.isfinite(features).all()


@given(histories(), st.integers(1, 10))
def test_the_last_baskets_are_the_newest_and_numbered_from_zero(found: History, count: int):
    recent = found.last(count)
    assert recent.days.tolist() == found.days[-count:].tolist()
    assert recent.sizes.tolist() == found.sizes[-count:].tolist()
    assert recent.baskets[0] == 0


def test_a_history_over_a_vocabulary_leaves_out_what_it_does_not_know():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    trips = [
        Trip(start, ("b", "x")),
        Trip(start + timedelta(days=1), ("x",)),
        Trip(start + timedelta(days=2), ("a", "b")),
    ]
    found = history_of(trips, {"a": 0, "b": 1})
    assert found.items.tolist() == [1, 0, 1]
    assert found.baskets.tolist() == [0, 1, 1]
    assert np.diff(found.days) == pytest.approx([2.0])


def test_statistics_tell_what_is_bought_again_from_what_is_bought_once():
    buyers = np.array([0, 0, 0, 1, 2, 3])
    items = np.array([0, 0, 0, 1, 1, 1])
    found = item_statistics(buyers, items, np.array([1.0, 2.0, 90.0, 90.0, 2.0, 3.0]), 3)
    assert found.log_times[0] > found.log_times[1]
    assert found.log_repeat_rate[0] > found.log_repeat_rate[1]
    assert found.log_share[0] == found.log_share[1] > found.log_share[2]
    assert np.isfinite(np.stack([found.log_share, found.log_recent])).all()
