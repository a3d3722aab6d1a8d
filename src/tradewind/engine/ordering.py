"""Orders that a shopper chose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tradewind.engine.parts import Rows, View
from tradewind.index.hits import Hits


def by_chosen_order(view: View, hits: Hits, order: str) -> Hits:
    """Returns the hits by price, popularity or date; equal ones as they were, ones without the field last."""
    placed = np.argsort(_KEYS[order](view, hits.rows), kind="stable")
    return Hits(rows=hits.rows[placed], scores=hits.scores[placed])


_KEYS: Final[dict[str, Callable[[View, Rows], NDArray[Any]]]] = {
    "price_asc": lambda view, rows: view.prices(rows),
    "price_desc": lambda view, rows: -view.prices(rows),
    "popularity": lambda view, rows: -view.popularity(rows),
    "newest": lambda view, rows: -view.updated_at(rows),
}
"""What is sorted by, smallest first; numpy puts not-a-number, an unknown price, last either way."""
