"""How much the person ever spent on it."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Past


def values(past: Past) -> Floats:
    """Returns (n,) log(1 + money), nothing counting for refunds."""
    return np.asarray(np.log1p(past.of_pairs(np.maximum(past.lines.spend, 0.0))))
