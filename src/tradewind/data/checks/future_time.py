"""A time that has not come yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.checks.finding import CLOCK_SKEW_SECONDS, Broken, CheckContext, Columns, truth


def future_time(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields rows more than five minutes ahead of our clock."""
    limit = context.now + timedelta(seconds=CLOCK_SKEW_SECONDS)
    for name in ("time", "updated_at"):
        column = columns.get(name)
        if column is not None:
            yield Broken(name, "future_time", truth(pc.greater(column, pa.scalar(limit, pa.timestamp("us", tz="UTC")))))
