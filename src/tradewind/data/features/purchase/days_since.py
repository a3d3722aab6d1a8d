"""How long ago the person last bought it."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Past


def values(past: Past) -> Floats:
    """Returns (n,) log(1 + days), with 400 days for never."""
    return np.asarray(np.log1p(past.since_pairs()))
