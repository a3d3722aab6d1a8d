"""Baskets in order, and a split under which no figure is measured on what was learned from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.features.basket_counts import history_of
from tradewind.data.features.baskets import baskets_of
from tradewind.data.records import EVENT_SCHEMA, Event, EventType
from tradewind.tasks.next_item import MIN_BASKETS, Trips, split, trips_of

START = datetime(2026, 3, 1, tzinfo=UTC)
IDS = pa.chunked_array([pa.array(["a", "b", "c", "d"])])


def events(*lines: tuple[str | None, float, str, str | None], kind: str = "purchase") -> pa.Table:
    rows = [
        {
            "event_id": str(n),
            "type": kind,
            "time": START + timedelta(days=day),
            "user": user,
            "item": item,
            "basket": basket,
        }
        for n, (user, day, item, basket) in enumerate(lines)
    ]
    return pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)


def contents(trips: Trips) -> list[list[int]]:
    return [trips.truth(number).tolist() for number in range(len(trips.days))]


def test_baskets_stand_in_time_order_each_item_once():
    trips = trips_of(events(("u", 2, "b", "9"), ("u", 1, "c", "7"), ("u", 1, "a", "7"), ("u", 1, "c", "7")), IDS)
    assert contents(trips) == [[0, 2], [1]]


def test_baskets_of_one_moment_stand_in_the_order_of_their_ids_taken_as_numbers():
    trips = trips_of(events(("u", 1, "a", "10"), ("u", 1, "b", "9")), IDS)
    assert contents(trips) == [[1], [0]]


def test_without_a_basket_id_the_day_is_the_basket():
    trips = trips_of(events(("u", 0.1, "a", None), ("u", 0.2, "b", None), ("u", 1.1, "c", None)), IDS)
    assert contents(trips) == [[0, 1], [2]]


def test_unknown_items_and_nameless_buyers_are_left_out():
    trips = trips_of(events(("u", 1, "z", "1"), (None, 1, "a", "2"), ("u", 2, "a", "3")), IDS)
    assert contents(trips) == [[0]]


def test_other_events_than_purchases_and_no_events_at_all_make_no_baskets():
    for table in (events(("u", 1, "a", "1"), kind="view"), events()):
        trips = trips_of(table, IDS)
        assert len(trips.days) == 0
        assert len(split(trips).last_basket) == 0


def test_two_people_with_the_same_basket_id_have_two_baskets():
    trips = trips_of(events(("u", 1, "a", "1"), ("v", 1, "b", "1")), IDS)
    assert contents(trips) == [[0], [1]]
    assert trips.households.tolist() == [0, 1, 2]


def test_a_history_ends_before_the_basket_asked_for():
    trips = trips_of(events(*(("u", day, "abcd"[day % 4], str(day)) for day in range(6))), IDS)
    found = trips.history(0, 3)
    assert found.items.tolist() == [0, 1, 2]
    assert found.baskets.tolist() == [0, 1, 2]


@st.composite
def shops(draw: st.DrawFn) -> Trips:
    counts = draw(st.lists(st.integers(1, 14), min_size=1, max_size=8))
    lines = [
        (f"u{user}", draw(st.floats(0, 300)), "abcd"[trip % 4], f"{user}-{trip}")
        for user, count in enumerate(counts)
        for trip in range(count)
    ]
    return trips_of(events(*lines), IDS)


@settings(max_examples=60, deadline=None)
@given(shops())
def test_nothing_that_is_measured_is_learned_from(trips: Trips):
    parted = split(trips)
    starts, ends = trips.households[:-1], trips.households[1:]
    learned = {b for s, e in zip(starts, parted.learn_until, strict=True) for b in range(s, e)}
    chosen = {*parted.blend.baskets.tolist(), *parted.validation.baskets.tolist()}
    measured = {*parted.last_basket.baskets.tolist(), *parted.after_cut.baskets.tolist()}
    assert not learned & chosen
    assert not (learned | chosen) & measured
    assert not set(parted.blend.baskets.tolist()) & set(parted.validation.baskets.tolist())
    assert all(trips.days[b] < parted.cut for b in learned | chosen)
    assert len(parted.last_basket) == int((ends - starts >= MIN_BASKETS).sum())


def test_statistics_know_nothing_of_baskets_left_out():
    trips = trips_of(events(*(("u", day, "abcd"[day % 4], str(day)) for day in range(8))), IDS)
    found = trips.statistics(4, without=np.array([3, 7]))
    assert found.log_share[3] < found.log_share[0]
    early = trips.statistics(4, before=float(trips.days[2]))
    assert early.log_share[:2] == pytest.approx(early.log_share[0])
    assert early.log_share[2] < early.log_share[0]


def test_training_and_serving_read_the_same_history_from_the_same_events():
    lines = [("u", 0.3 + day, "abcd"[(day * item) % 4], f"{day // 2}") for day in range(9) for item in (1, 2, 3)]
    offline = trips_of(events(*lines), IDS)
    bought = [
        Event(str(n), EventType.PURCHASE, START + timedelta(days=day), user=user, item=item, basket=basket)
        for n, (user, day, item, basket) in enumerate(lines)
    ]
    online = history_of(baskets_of(bought), {name: row for row, name in enumerate("abcd")})
    expected = offline.history(0, len(offline.days))
    assert online.items.tolist() == expected.items.tolist()
    assert online.baskets.tolist() == expected.baskets.tolist()
    assert online.days == pytest.approx(expected.days)
