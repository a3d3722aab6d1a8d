"""Features of "will this visit end in a purchase": one per file, each one function of the visit so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.data.features.session import bought_before, carts, items, minutes, returns, searches, views
from tradewind.data.features.session.visit import Visit, visits_of

SESSION_FEATURES: Final[Mapping[str, Callable[[Visit], float]]] = {
    "views": views.value,
    "carts": carts.value,
    "searches": searches.value,
    "items": items.value,
    "returns": returns.value,
    "minutes": minutes.value,
    "bought_before": bought_before.value,
}
"""The columns of `session_features`, in order."""


def session_features(visits: Sequence[Visit]) -> npt.NDArray[np.float64]:
    """Returns float64 (visits, len(SESSION_FEATURES))."""
    rows = [[feature(visit) for feature in SESSION_FEATURES.values()] for visit in visits]
    return np.array(rows, dtype=np.float64).reshape(len(visits), len(SESSION_FEATURES))


__all__ = ["SESSION_FEATURES", "Visit", "session_features", "visits_of"]
