"""Whether it is time again: days since the last purchase against the usual days between two."""

from __future__ import annotations

from typing import Final

import numpy as np

from tradewind.data.features.purchase.interval import days_between
from tradewind.data.features.purchase.past import Floats, Past

MOST: Final = 8.0


def values(past: Past) -> Floats:
    """Returns (n,) (days since + 1) / (days between + 1), at most 8."""
    return np.asarray(np.minimum((past.since_pairs() + 1) / (days_between(past) + 1), MOST))
