"""How long the visit has lasted."""

from __future__ import annotations

import math

from tradewind.data.features.session.visit import Visit


def value(visit: Visit) -> float:
    """Returns log(1 + minutes from the first event to the last)."""
    return math.log1p((visit.events[-1].time - visit.events[0].time).total_seconds() / 60.0) if visit.events else 0.0
