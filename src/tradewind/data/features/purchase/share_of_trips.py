"""How usual it is in the person's baskets."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Past


def values(past: Past) -> Floats:
    """Returns (n,) the share of the person's baskets that held it, 0 without baskets."""
    trips = past.of_people(past.opens.astype(np.float64))
    return np.asarray(past.of_pairs(past.new_in_basket.astype(np.float64)) / np.maximum(trips, 1.0))
