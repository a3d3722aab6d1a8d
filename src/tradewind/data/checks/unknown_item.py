"""An event about an item that was never in the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from tradewind.data.checks.finding import Broken, CheckContext, Columns, is_set


def unknown_item(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields `unknown_item` rows. An item that left the catalogue is still known."""
    column = columns.get("item")
    if column is not None and context.items is not None:
        yield Broken(
            "item", "unknown_item", is_set(column) & ~pc.is_in(column, context.items).to_numpy(zero_copy_only=False)
        )
