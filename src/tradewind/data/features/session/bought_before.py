"""Whether the visitor has bought here before."""

from __future__ import annotations

import math

from tradewind.data.features.session.visit import Visit


def value(visit: Visit) -> float:
    """Returns log(1 + earlier visits that ended in a purchase)."""
    return math.log1p(visit.baskets_before)
