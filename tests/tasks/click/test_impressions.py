from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from tradewind.data.records import EVENT_SCHEMA
from tradewind.errors import DataError
from tradewind.tasks.click.impressions import Impressions, impressions_of

IDS = pa.chunked_array([["a", "b", "c"]])


def events(*rows: tuple[str, str | None, str, int | None]) -> pa.Table:
    full = [
        {
            **dict.fromkeys(EVENT_SCHEMA.names),
            "event_id": str(number),
            "type": kind,
            "time": datetime(2026, 1, 1, tzinfo=UTC),
            "request_id": request,
            "item": item,
            "position": position,
        }
        for number, (kind, request, item, position) in enumerate(rows)
    ]
    return pa.Table.from_pylist(full, schema=EVENT_SCHEMA)


def test_a_click_counts_for_its_item_in_its_own_reply_only() -> None:
    found = impressions_of(
        events(
            ("impression", "r1", "a", 0),
            ("impression", "r1", "b", 1),
            ("impression", "r2", "b", 0),
            ("impression", "r2", "gone", 1),
            ("click", "r1", "b", None),
            ("click", None, "a", 0),
        ),
        IDS,
    )
    assert found.requests.tolist() == [0, 0, 1] and found.items.tolist() == [0, 1, 1]
    assert found.positions.tolist() == [0, 1, 0] and found.clicks.tolist() == [False, True, False]


def test_an_item_shown_twice_in_a_reply_counts_once_where_it_stood_first() -> None:
    found = impressions_of(
        events(("impression", "r", "a", 5), ("impression", "r", "a", 2), ("click", "r", "a", 5)), IDS
    )
    assert found.positions.tolist() == [2] and found.clicks.tolist() == [True]


@pytest.mark.parametrize("row", [("impression", None, "a", 0), ("impression", "r", "a", None), ("view", "r", "a", 0)])
def test_a_log_without_positions_or_requests_says_what_to_send(row: tuple[str, str | None, str, int | None]) -> None:
    with pytest.raises(DataError, match="request_id and position"):
        impressions_of(events(row), IDS)


def test_impressions_of_unequal_length_or_negative_position_are_refused() -> None:
    one, two = np.zeros(1, dtype=np.int64), np.zeros(2, dtype=np.int64)
    with pytest.raises(DataError, match="length"):
        Impressions(one, two, one, one.astype(bool))
    with pytest.raises(DataError, match="count from 0"):
        Impressions(one, one, one - 1, one.astype(bool))
