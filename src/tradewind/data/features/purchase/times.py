"""In how many baskets the person ever bought it."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Past


def values(past: Past) -> Floats:
    """Returns (n,) log(1 + baskets that held it)."""
    return np.asarray(np.log1p(past.of_pairs(past.new_in_basket.astype(np.float64))))
