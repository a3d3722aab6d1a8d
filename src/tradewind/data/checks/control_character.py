"""A NUL in an id: a database may cut the text there, and two ids would become one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow.compute as pc

from tradewind.data.checks.finding import Broken, CheckContext, Columns, truth

_IDS: Final = ("id", "event_id", "user", "visitor", "item", "basket", "request_id")


def control_character(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields `control_character` rows."""
    for name in _IDS:
        column = columns.get(name)
        if column is not None and column.null_count < len(column):
            rows = truth(pc.match_substring(column, "\0"))
            if rows.any():
                yield Broken(name, "control_character", rows)
