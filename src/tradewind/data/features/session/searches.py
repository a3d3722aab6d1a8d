"""How often the visitor searched."""

from __future__ import annotations

import math

from tradewind.data.features.session.visit import Visit
from tradewind.data.records import EventType


def value(visit: Visit) -> float:
    """Returns log(1 + searches)."""
    return math.log1p(visit.count(EventType.SEARCH))
