"""Baskets hold what was bought at one time, once, and only what the catalogue knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tradewind.data.records import EVENT_SCHEMA
from tradewind.errors import DataError
from tradewind.tasks.baskets import baskets, time_cuts

START = datetime(2026, 1, 1, tzinfo=UTC)
IDS = pa.chunked_array([pa.array(["a", "b", "c"])])


def test_each_basket_holds_each_known_item_once(make_purchases: Callable[..., pa.Table]) -> None:
    events = make_purchases([["a", "b", "a"], ["c", "unknown"], ["b"]])
    found = baskets(events, IDS, None, None)
    assert sorted(sorted(rows.tolist()) for rows in found) == [[0, 1], [1], [2]]
    assert found.popularity(3).tolist() == [1, 2, 1]
    assert len(found) == 3 and sorted(found.sizes.tolist()) == [1, 1, 2]


def test_the_window_takes_its_first_moment_and_leaves_its_last(make_purchases: Callable[..., pa.Table]) -> None:
    events = make_purchases([["a"], ["b"], ["c"]])
    found = baskets(events, IDS, START + timedelta(hours=1), START + timedelta(hours=2))
    assert [rows.tolist() for rows in found] == [[1]]


def test_purchases_without_a_basket_are_grouped_by_buyer_and_day() -> None:
    def row(user: str, hour: int, item: str, **more: Any) -> dict[str, Any]:
        time = START + timedelta(hours=hour)
        return {
            **dict.fromkeys(EVENT_SCHEMA.names),
            "type": "purchase",
            "time": time,
            "user": user,
            "item": item,
            **more,
        }

    rows = [row("u", 1, "a"), row("u", 20, "b"), row("v", 2, "c"), row("u", 30, "c"), row("u", 3, "c", type="view")]
    found = baskets(pa.Table.from_pylist(rows, schema=EVENT_SCHEMA), IDS, None, None)
    assert sorted(rows.tolist() for rows in found) == [[0, 1], [2], [2]]


def test_the_cuts_leave_four_fifths_to_learn_from(make_purchases: Callable[..., pa.Table]) -> None:
    cuts = time_cuts(make_purchases([["a"]] * 100))
    assert cuts.validation == START + timedelta(hours=80)
    assert cuts.test == START + timedelta(hours=90)


def test_a_log_without_purchases_is_refused(make_purchases: Callable[..., pa.Table]) -> None:
    with pytest.raises(DataError, match="no purchases"):
        time_cuts(make_purchases([]))
