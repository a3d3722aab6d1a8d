"""Features of "will this person buy this": one per file, each one function of `Past` for training and for serving.

Offline `Past` holds everybody's lines and thousands of questions, online one person's lines and a page's worth; the
functions do not know which, so the numbers cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from tradewind.data.features.purchase import (
    again,
    days_since,
    days_since_trip,
    decayed_slowly,
    decayed_times,
    interval,
    overdue,
    reach,
    share_of_trips,
    spend,
    spend_of_person,
    times,
    times_lately,
    trips_last_week,
    trips_lately,
)
from tradewind.data.features.purchase.past import Asked, Floats, Lines, Past, lines_of_person, past_of
from tradewind.data.features.purchase.population import Population, population_of

OWN: Final[Mapping[str, Callable[[Past], Floats]]] = {
    "days_since": days_since.values,
    "times": times.values,
    "times_lately": times_lately.values,
    "decayed_times": decayed_times.values,
    "decayed_slowly": decayed_slowly.values,
    "share_of_trips": share_of_trips.values,
    "interval": interval.values,
    "overdue": overdue.values,
    "spend": spend.values,
    "spend_of_person": spend_of_person.values,
    "trips_lately": trips_lately.values,
    "trips_last_week": trips_last_week.values,
    "days_since_trip": days_since_trip.values,
}
"""What the person's own purchases say."""
SHARED: Final[Mapping[str, Callable[[Past, Population], Floats]]] = {"reach": reach.values, "again": again.values}
"""What everybody's purchases say."""
FEATURES: Final = (*OWN, *SHARED)
"""The columns of `purchase_features`, in order."""


def purchase_features(past: Past, population: Population) -> Floats:
    """Returns float64 (n, len(FEATURES)) for the questions of `past`."""
    own = [feature(past) for feature in OWN.values()]
    return np.stack([*own, *(feature(past, population) for feature in SHARED.values())], axis=1)


__all__ = [
    "FEATURES",
    "Asked",
    "Lines",
    "Past",
    "Population",
    "lines_of_person",
    "past_of",
    "population_of",
    "purchase_features",
]
