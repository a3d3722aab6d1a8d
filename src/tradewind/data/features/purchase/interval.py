"""How many days usually lie between two purchases of it by the person."""

from __future__ import annotations

from typing import Final

import numpy as np

from tradewind.data.features.purchase.past import NEVER_DAYS, Floats, Past

UNKNOWN_DAYS: Final = 90.0
"""The interval assumed for what was bought in one basket or none."""


def days_between(past: Past) -> Floats:
    """Returns (n,) mean days between its baskets, UNKNOWN_DAYS with fewer than two."""
    count = past.of_pairs(past.new_in_basket.astype(np.float64))
    mine = past.pair >= 0
    oldest = np.full(len(past.asked.people), -NEVER_DAYS)
    np.maximum.at(oldest, past.pair[mine], past.age[mine])
    span = np.maximum(oldest - past.since_pairs(), 0.0)
    return np.asarray(np.where(count > 1, span / np.maximum(count - 1, 1.0), UNKNOWN_DAYS))


def values(past: Past) -> Floats:
    """Returns (n,) log(1 + days between)."""
    return np.asarray(np.log1p(days_between(past)))
