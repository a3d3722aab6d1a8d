"""How much the person spent lately on everything."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import LATELY_DAYS, Floats, Past


def values(past: Past) -> Floats:
    """Returns (n,) log(1 + money of the last 28 days)."""
    lately = past.age <= LATELY_DAYS
    return np.asarray(np.log1p(past.of_people(np.maximum(past.lines.spend, 0.0) * lately)))
