"""Whether the person has just been here."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Past


def values(past: Past) -> Floats:
    """Returns (n,) log(1 + baskets of the last 7 days)."""
    return np.asarray(np.log1p(past.of_people((past.opens & (past.age <= 7.0)).astype(np.float64))))
