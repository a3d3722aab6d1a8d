"""A value that is not UTF-8, or not of its field's type: found while mapping, told here."""

from __future__ import annotations

from collections.abc import Iterator

from tradewind.data.checks.finding import Broken, CheckContext, Columns


def unreadable_value(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields `broken_utf8` and `wrong_type` rows."""
    for fault in context.faults:
        yield Broken(fault.field, fault.reason, fault.rows)
