from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.records import EVENT_SCHEMA
from tradewind.data.splits import Split, by_time, last_basket, time_of_share
from tradewind.errors import DataError

START = datetime(2026, 1, 1, tzinfo=UTC)


def purchases(rows: list[tuple[str | None, str | None, int]]) -> pa.Table:
    whole = {name: pa.nulls(len(rows), EVENT_SCHEMA.field(name).type) for name in EVENT_SCHEMA.names}
    whole["event_id"] = pa.array([str(number) for number in range(len(rows))], pa.string())
    whole["user"] = pa.array([user for user, _, _ in rows], pa.string())
    whole["basket"] = pa.array([basket for _, basket, _ in rows], pa.string())
    whole["time"] = pa.array([START + timedelta(hours=hour) for _, _, hour in rows], EVENT_SCHEMA.field("time").type)
    return pa.table([whole[name] for name in EVENT_SCHEMA.names], schema=EVENT_SCHEMA)


def ids(table: pa.Table) -> list[int]:
    return [int(event_id) for event_id in table["event_id"].to_pylist()]


def assert_parts(whole: pa.Table, split: Split) -> None:
    assert sorted(ids(split.train) + ids(split.test)) == ids(whole)
    assert ids(split.train) == sorted(ids(split.train))
    assert ids(split.test) == sorted(ids(split.test))


ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from(["1", "2", "3", None]), st.integers(0, 9)), max_size=30
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(-1, 11))
def test_no_event_to_learn_from_is_later_than_one_to_test_on(
    rows: list[tuple[str | None, str | None, int]], hour: int
) -> None:
    table = purchases(rows)
    cut = START + timedelta(hours=hour)
    split = by_time(table, cut)
    assert_parts(table, split)
    assert all(moment < cut for moment in split.train["time"].to_pylist())
    assert all(moment >= cut for moment in split.test["time"].to_pylist())


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_each_user_with_enough_baskets_is_tested_on_the_last_one_whole(
    rows: list[tuple[str | None, str | None, int]],
) -> None:
    table = purchases(rows)
    split = last_basket(table, least_baskets=2)
    assert_parts(table, split)
    for user in ("a", "b"):
        mine = [row for row in rows if row[0] == user]
        baskets = {basket or f"{hour:03d}": -1 for _, basket, hour in mine}
        for _, basket, hour in mine:
            baskets[basket or f"{hour:03d}"] = max(baskets[basket or f"{hour:03d}"], hour)
        tested = [rows[number] for number in ids(split.test) if rows[number][0] == user]
        assert len({basket or hour for _, basket, hour in tested}) == (1 if len(baskets) >= 2 else 0)
        if tested:
            assert max(hour for _, _, hour in tested) == max(baskets.values())


def test_a_basket_is_kept_together_and_few_baskets_are_history() -> None:
    table = purchases([("a", "1", 0), ("a", "2", 1), ("a", "2", 1), ("b", "9", 5), (None, "8", 9)])
    split = last_basket(table, least_baskets=2)
    assert ids(split.test) == [1, 2]
    assert last_basket(table, least_baskets=3).test.num_rows == 0
    assert last_basket(table.slice(0, 0)).test.num_rows == 0


def test_a_share_of_the_log_has_a_time() -> None:
    table = purchases([("a", "1", hour) for hour in range(10)])
    assert time_of_share(table, 0.8) == START + timedelta(hours=8)
    assert by_time(table, time_of_share(table, 0.8)).test.num_rows == 2
    with pytest.raises(DataError):
        time_of_share(table.slice(0, 0), 0.5)
