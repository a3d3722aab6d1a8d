"""How many items were looked at."""

from __future__ import annotations

import math

from tradewind.data.features.session.visit import Visit
from tradewind.data.records import EventType


def value(visit: Visit) -> float:
    """Returns log(1 + views and clicks)."""
    return math.log1p(visit.count(EventType.VIEW, EventType.CLICK))
