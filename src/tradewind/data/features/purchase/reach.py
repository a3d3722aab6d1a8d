"""How much of the shop's people buys it."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Past
from tradewind.data.features.purchase.population import Population


def values(past: Past, population: Population) -> Floats:
    """Returns (n,) log(.0001 + share of active people who bought it in the last 28 days)."""
    return np.asarray(np.log(1e-4 + population.reach[past.asked.keys]))
