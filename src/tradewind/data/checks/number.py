"""A price, value or count that is NaN, infinite or below zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.checks.finding import Broken, CheckContext, Columns, truth


def number(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields `not_a_number` and `negative` rows. A grade (the value of a `rate` or `review`) may be negative."""
    for name in ("price", "value", "quantity", "position"):
        column = columns.get(name)
        if column is None or column.null_count == len(column):
            continue
        values = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False)
        yield Broken(name, "not_a_number", ~np.isfinite(values))
        below = values < 0
        if name == "value":
            below &= ~truth(pc.is_in(columns["type"], pa.array(["rate", "review"])))
        yield Broken(name, "negative", below)
