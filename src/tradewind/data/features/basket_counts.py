"""What a household bought before, counted: one definition for training and serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from tradewind.data.features.recency import SECONDS_A_DAY

Rows = npt.NDArray[np.int64]
Days = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]

BASKET_HALF_LIVES: Final = (2.0, 5.0, 15.0, 40.0)
DAY_HALF_LIVES: Final = (7.0, 30.0, 90.0)
_FLOOR: Final = 1e-3
"""Added before a logarithm: what was bought long ago stays apart from what was never bought."""
_UNKNOWN_DAYS: Final = 60.0
_UNKNOWN_BASKETS: Final = 30.0
"""The interval assumed for an item that was bought once."""
_LATEST_RATIO: Final = 8.0

FEATURES: Final = (
    "log_times",
    "share_of_baskets",
    *(f"log_decayed_{half:g}_baskets" for half in BASKET_HALF_LIVES),
    *(f"log_decayed_{half:g}_days" for half in DAY_HALF_LIVES),
    "log_baskets_since",
    "log_days_since",
    "log_interval_days",
    "log_interval_baskets",
    "due_by_days",
    "due_by_baskets",
    "in_last_basket",
    "bought_once",
    "rate_since_first",
    "item_log_share",
    "item_log_repeat_rate",
    "item_log_times_per_buyer",
    "log_baskets",
    "log_basket_size",
    "log_last_basket_size",
    "log_gap_days",
    "log_variety",
)
"""The columns of `household_features`, in order. The last five are the household's own, alike in every row."""


class HistoryBasket(Protocol):
    """One shopping trip: when, and each item once."""

    @property
    def time(self) -> datetime: ...

    @property
    def items(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class History:
    """Somebody's baskets in time order. `items` (lines,) are rows of a vocabulary, each once a basket;
    `baskets` (lines,) the number of the basket that each line lies in, rising from 0; `days` (baskets,) when it was."""

    items: Rows
    baskets: Rows
    days: Days

    def last(self, count: int) -> History:
        """Returns the newest `count` baskets."""
        skipped = max(0, len(self.days) - count)
        start = int(np.searchsorted(self.baskets, skipped))
        return History(self.items[start:], self.baskets[start:] - skipped, self.days[skipped:])

    @property
    def sizes(self) -> Rows:
        """How many lines each basket has."""
        return np.bincount(self.baskets, minlength=len(self.days)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """How every item sells, float32 (items,) each, all natural logarithms: its share of all purchases, its share of
    the last four weeks', how likely a buyer buys it again, and how often a buyer bought it."""

    log_share: Features
    log_recent: Features
    log_repeat_rate: Features
    log_times: Features


def history_of(baskets: Sequence[HistoryBasket], row_of: Mapping[str, int]) -> History:
    """Returns the baskets (oldest first) over a vocabulary; items outside it, and baskets left empty, are left out."""
    found = [(basket.time.timestamp() / SECONDS_A_DAY, _rows(basket, row_of)) for basket in baskets]
    kept = [(day, rows) for day, rows in found if rows]
    items = [row for _, rows in kept for row in rows]
    numbers = np.repeat(np.arange(len(kept), dtype=np.int64), [len(rows) for _, rows in kept])
    return History(np.array(items, dtype=np.int64), numbers, np.array([day for day, _ in kept], dtype=np.float64))


def decayed_counts(history: History, half_life: float | None) -> tuple[Rows, Days]:
    """Returns the distinct items, ascending, and how often each was bought, a purchase `half_life` baskets before the
    last basket counting half; None counts every purchase as one."""
    items, place = np.unique(history.items, return_inverse=True)
    age = _basket_age(history)
    weight = np.ones(len(age)) if half_life is None else 0.5 ** (age / half_life)
    return items, _sums(place, weight, len(items))


def household_features(history: History, statistics: ItemStatistics) -> tuple[Rows, Features]:
    """Returns the distinct items, ascending, and float32 (items, len(FEATURES)), as seen right after the last basket.

    Time runs to the last basket and not to the present, so that an answer depends on the events alone.
    """
    items, place = np.unique(history.items, return_inverse=True)
    trips = len(history.days)
    age, days = _basket_age(history), history.days[-1] - history.days[history.baskets]
    count = np.bincount(place, minlength=len(items)).astype(np.float64)
    since, first = _ends(place, age, len(items))
    days_since, days_first = _ends(place, days, len(items))
    interval = _interval(days_first - days_since, count, _UNKNOWN_DAYS)
    interval_trips = _interval(first - since, count, _UNKNOWN_BASKETS)
    columns = [
        np.log1p(count),
        count / trips,
        *(np.log(_FLOOR + _decayed(place, age, half, len(items))) for half in BASKET_HALF_LIVES),
        *(np.log(_FLOOR + _decayed(place, days, half, len(items))) for half in DAY_HALF_LIVES),
        np.log1p(since),
        np.log1p(days_since),
        np.log1p(interval),
        np.log1p(interval_trips),
        np.minimum((days_since + 1) / (interval + 1), _LATEST_RATIO),
        np.minimum((since + 1) / (interval_trips + 1), _LATEST_RATIO),
        since == 0,
        count == 1,
        count / (first + 1),
        statistics.log_share[items],
        statistics.log_repeat_rate[items],
        statistics.log_times[items],
        *(np.full(len(items), value) for value in _habits(history, len(items))),
    ]
    return items, np.stack(columns, axis=1).astype(np.float32)


def item_statistics(buyers: Rows, items: Rows, days: Days, vocabulary: int) -> ItemStatistics:
    """Returns the statistics of `vocabulary` items from purchase lines: who bought (lines,), what, and on which day."""
    count = np.bincount(items, minlength=vocabulary)
    recent = np.bincount(items[days > days.max(initial=0.0) - 28], minlength=vocabulary)
    pairs, times = np.unique(buyers * np.int64(vocabulary) + items, return_counts=True)
    bought = pairs % vocabulary
    people = np.bincount(bought, minlength=vocabulary)
    again = np.bincount(bought, weights=times > 1, minlength=vocabulary)
    return ItemStatistics(
        log_share=_log_share(count),
        log_recent=_log_share(recent),
        log_repeat_rate=np.log((again + 0.5) / (people + 4)).astype(np.float32),
        log_times=np.log((count + 1) / (people + 1)).astype(np.float32),
    )


def _rows(basket: HistoryBasket, row_of: Mapping[str, int]) -> list[int]:
    return sorted({row_of[item] for item in basket.items if item in row_of})


def _basket_age(history: History) -> Days:
    return (len(history.days) - 1 - history.baskets).astype(np.float64)


def _decayed(place: Rows, age: Days, half_life: float, size: int) -> Days:
    return _sums(place, 0.5 ** (age / half_life), size)


def _sums(place: Rows, weight: Days, size: int) -> Days:
    return np.bincount(place, weights=weight, minlength=size).astype(np.float64)


def _ends(place: Rows, age: Days, size: int) -> tuple[Days, Days]:
    """Returns the age of each item's newest and of its oldest line; lines come oldest first."""
    newest, oldest = np.zeros(size), np.zeros(size)
    newest[place] = age
    oldest[place[::-1]] = age[::-1]
    return newest, oldest


def _interval(span: Days, count: Days, unknown: float) -> Days:
    return np.where(count > 1, span / np.maximum(count - 1, 1), unknown)


def _habits(history: History, variety: int) -> tuple[float, ...]:
    lines, trips = len(history.items), len(history.days)
    gap = max(float(history.days[-1] - history.days[0]), 1.0) / max(trips - 1, 1)
    last = float((history.baskets == trips - 1).sum())
    values = (trips, lines / trips, max(last, 1.0), gap + 0.1, variety / max(lines, 1))
    return tuple(float(np.log(value)) for value in values)


def _log_share(count: npt.NDArray[np.integer]) -> Features:
    return np.asarray(np.log((count + 0.5) / (count.sum() + 0.5 * len(count) + 1e-9)), dtype=np.float32)
