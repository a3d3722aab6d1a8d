"""A text longer than anything a shop means to say in that field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow.compute as pc

from tradewind.data.checks.finding import Broken, CheckContext, Columns, truth

LONGEST: Final = {
    **dict.fromkeys(("id", "event_id", "user", "visitor", "item", "basket", "request_id", "language"), 256),
    "title": 2_000,
    "brand": 500,
    "category": 2_000,
    "image": 4_000,
    "query": 4_000,
    "attributes": 20_000,
}
"""The most characters a field may have."""


def too_long(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields `too_long` rows."""
    for name, most in LONGEST.items():
        column = columns.get(name)
        if column is not None and column.null_count < len(column):
            rows = truth(pc.greater(pc.utf8_length(column), most))
            if rows.any():
                yield Broken(name, "too_long", rows)
