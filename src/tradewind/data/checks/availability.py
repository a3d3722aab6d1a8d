"""An availability that is none of the known words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.checks.finding import Broken, CheckContext, Columns, is_set

AVAILABILITIES: Final = ("in_stock", "out_of_stock", "preorder", "backorder")


def availability(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields `unknown_availability` rows."""
    column = columns["availability"]
    known = pc.is_in(column, pa.array(AVAILABILITIES)).to_numpy(zero_copy_only=False)
    yield Broken("availability", "unknown_availability", is_set(column) & ~known)
