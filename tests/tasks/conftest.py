"""A catalogue of a few dozen items and a small log of purchases, as tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from tradewind.data.records import EVENT_SCHEMA, ITEM_SCHEMA

START = datetime(2026, 1, 1, tzinfo=UTC)


def _items(rows: Sequence[dict[str, Any]]) -> pa.Table:
    defaults = {"text": "", "category": "", "attributes": "{}", "availability": "in_stock", "price_derived": False}
    full = [{**dict.fromkeys(ITEM_SCHEMA.names), **defaults, **row} for row in rows]
    for row in full:
        row["title"] = row["title"] or row["id"]
        row["attributes"] = row["attributes"] if isinstance(row["attributes"], str) else json.dumps(row["attributes"])
    return pa.Table.from_pylist(full, schema=ITEM_SCHEMA)


def _purchases(baskets: Sequence[Sequence[str]]) -> pa.Table:
    rows = [
        {
            **dict.fromkeys(EVENT_SCHEMA.names),
            "event_id": f"{number}-{place}",
            "type": "purchase",
            "time": START + timedelta(hours=number),
            "user": f"u{number % 3}",
            "item": item,
            "basket": f"b{number}",
        }
        for number, basket in enumerate(baskets)
        for place, item in enumerate(basket)
    ]
    return pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)


@pytest.fixture(scope="session")
def make_items() -> Callable[[Sequence[dict[str, Any]]], pa.Table]:
    return _items


@pytest.fixture(scope="session")
def make_purchases() -> Callable[[Sequence[Sequence[str]]], pa.Table]:
    return _purchases
