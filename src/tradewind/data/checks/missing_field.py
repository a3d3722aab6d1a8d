"""A field without which a record says nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.checks.finding import Broken, CheckContext, Columns, is_set, truth

_WITH_ITEM: Final = pa.array(["impression", "view", "click", "add_to_cart", "purchase", "rate", "review", "dismiss"])


def missing_item_field(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields items without an id (`missing_id`) or without any text to call them by (`missing_title`)."""
    yield Broken("id", "missing_id", ~is_set(columns["id"]))
    yield Broken("title", "missing_title", ~is_set(columns["title"]))


def missing_event_field(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields events without an id of their own, a type, a time, or the item or query that they are about."""
    kinds = columns["type"]
    yield Broken("type", "missing_type", ~is_set(kinds))
    yield Broken("time", "missing_time", ~is_set(columns["time"]))
    if "event_id" in context.required or "event_id" in columns:
        yield Broken("event_id", "missing_id", ~is_set(columns["event_id"]))
    yield Broken(
        "item", "missing_item", truth(pc.is_in(kinds, _WITH_ITEM)) & ~_set_or_absent(columns, "item", len(kinds))
    )
    searches = truth(pc.equal(kinds, "search"))
    yield Broken("query", "missing_query", searches & ~_set_or_absent(columns, "query", len(kinds)))
    if "user" in context.required and "visitor" not in context.required:
        yield Broken("user", "missing_user", ~is_set(columns["user"]))


def _set_or_absent(columns: Columns, name: str, rows: int) -> np.ndarray:
    return is_set(columns[name]) if name in columns else np.zeros(rows, dtype=bool)
