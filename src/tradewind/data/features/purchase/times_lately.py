"""In how many baskets the person bought it lately."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import LATELY_DAYS, Floats, Past


def values(past: Past) -> Floats:
    """Returns (n,) log(1 + baskets of the last 28 days that held it)."""
    lately = past.new_in_basket & (past.age <= LATELY_DAYS)
    return np.asarray(np.log1p(past.of_pairs(lately.astype(np.float64))))
