"""Whether it is a thing that people buy again."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Past
from tradewind.data.features.purchase.population import Population


def values(past: Past, population: Population) -> Floats:
    """Returns (n,) the share of its buyers who bought it in a second basket."""
    return np.asarray(population.again[past.asked.keys])
