"""An event of a type outside the closed set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.checks.finding import Broken, CheckContext, Columns, is_set
from tradewind.data.records import EventType

_TYPES: Final = pa.array([kind.value for kind in EventType])


def unknown_type(columns: Columns, context: CheckContext) -> Iterator[Broken]:
    """Yields `unknown_type` rows."""
    kinds = columns["type"]
    yield Broken("type", "unknown_type", is_set(kinds) & ~pc.is_in(kinds, _TYPES).to_numpy(zero_copy_only=False))
