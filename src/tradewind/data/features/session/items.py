"""How many different items the visit touched."""

from __future__ import annotations

import math

from tradewind.data.features.session.visit import Visit


def value(visit: Visit) -> float:
    """Returns log(1 + different items)."""
    return math.log1p(len({event.item for event in visit.events if event.item is not None}))
