"""How often the person buys it, what is long ago counting less."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Past

HALF_LIFE_DAYS = 14.0


def values(past: Past) -> Floats:
    """Returns (n,) log(.01 + baskets that held it, each halved for every 14 days of age)."""
    decayed = past.new_in_basket * 0.5 ** (past.age / HALF_LIFE_DAYS)
    return np.asarray(np.log(0.01 + past.of_pairs(decayed)))
