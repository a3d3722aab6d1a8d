"""How many baskets the person had lately."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import LATELY_DAYS, Floats, Past


def values(past: Past) -> Floats:
    """Returns (n,) log(1 + baskets of the last 28 days)."""
    return np.asarray(np.log1p(past.of_people((past.opens & (past.age <= LATELY_DAYS)).astype(np.float64))))
