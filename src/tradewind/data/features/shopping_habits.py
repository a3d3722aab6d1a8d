"""How a person shops, whatever they buy: how often, how much at once, and at which hours."""

from __future__ import annotations

from typing import Final

import numpy as np

from tradewind.data.features.purchase.past import Floats, Lines

HOURS: Final = (0, 4, 8, 12, 16, 20)
HABITS: Final = (
    "log_baskets",
    "log_basket_value",
    "log_basket_lines",
    "log_line_value",
    "log_variety",
    "weekend_share",
    *(f"share_from_{hour}_o_clock" for hour in HOURS),
)
"""The columns of `shopping_habits`, in order. Hours and weekdays are those of the log's own clock (UTC)."""


def shopping_habits(lines: Lines, people: int) -> Floats:
    """Returns (people, len(HABITS)) of the person numbers below `people`; zeros for somebody without lines."""
    kept = np.flatnonzero(lines.people < people)
    who = lines.people[kept]
    _, first = np.unique(np.stack([who, lines.baskets[kept]]), axis=1, return_index=True)
    trips = kept[first]
    buyer, day = lines.people[trips], lines.days[trips]
    baskets = np.maximum(_count(buyer, people), 1.0)
    money = np.bincount(who, weights=np.maximum(lines.spend[kept], 0.0), minlength=people)
    count = _count(who, people)
    variety = _count(np.unique(np.stack([who, lines.keys[kept]]), axis=1)[0], people)
    # Day 0 of the epoch was a Thursday, so that Saturday and Sunday are days 2 and 3 of a week counted from it.
    weekend = np.isin(np.floor(day) % 7, (2.0, 3.0))
    slot = np.searchsorted(HOURS, np.floor((day % 1.0) * 24.0), side="right") - 1
    return np.stack(
        [
            np.log1p(_count(buyer, people)),
            np.log1p(money / baskets),
            np.log1p(count / baskets),
            np.log1p(money / np.maximum(count, 1.0)),
            np.log1p(variety),
            np.bincount(buyer, weights=weekend, minlength=people) / baskets,
            *(np.bincount(buyer, weights=slot == place, minlength=people) / baskets for place in range(len(HOURS))),
        ],
        axis=1,
    )


def _count(numbers: np.ndarray, people: int) -> Floats:
    return np.bincount(numbers, minlength=people).astype(np.float64)
