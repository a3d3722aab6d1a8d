"""How often something was put into the cart."""

from __future__ import annotations

import math

from tradewind.data.features.session.visit import Visit
from tradewind.data.records import EventType


def value(visit: Visit) -> float:
    """Returns log(1 + additions to the cart)."""
    return math.log1p(visit.count(EventType.ADD_TO_CART))
