"""`next_item`: which items a household's next basket holds, learned from the baskets before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.features.basket_counts import History, ItemStatistics, item_statistics
from tradewind.data.features.recency import SECONDS_A_DAY
from tradewind.tasks.baskets import purchases

Rows = npt.NDArray[np.int64]

MIN_BASKETS: Final = 4
"""A household with fewer is not asked about."""
BEFORE_CUT: Final = 0.95
"""The share of the baskets that lie before the global cut."""
HELD_OUT: Final = 4
"""Baskets of a household that the sequence model never learns to expect, so that the blend can be fitted on them."""


@dataclass(frozen=True, slots=True)
class Trips:
    """All baskets, household after household, each in time order (then basket id). `items` (lines,) are item rows;
    basket b holds items[lines[b]:lines[b + 1]] and happened on `days`[b] (since the epoch, UTC, with its fraction);
    household h has the baskets households[h]:households[h + 1]."""

    items: Rows
    lines: Rows
    days: npt.NDArray[np.float64]
    households: Rows

    @property
    def buyers(self) -> Rows:
        """Returns (baskets,) whose each basket is."""
        return np.repeat(np.arange(len(self.households) - 1), np.diff(self.households))

    def truth(self, basket: int) -> Rows:
        """Returns the items of one basket."""
        return self.items[self.lines[basket] : self.lines[basket + 1]]

    def history(self, household: int, until: int) -> History:
        """Returns a household's baskets before basket number `until`."""
        start = self.households[household]
        first, last = self.lines[start], self.lines[until]
        sizes = np.diff(self.lines[start : until + 1])
        return History(self.items[first:last], np.repeat(np.arange(len(sizes)), sizes), self.days[start:until])

    def statistics(self, vocabulary: int, *, without: Rows | None = None, before: float = np.inf) -> ItemStatistics:
        """Returns how items sell over the baskets before day `before` that are not `without` (basket numbers)."""
        seen = self.days < before
        if without is not None:
            seen[without] = False
        keep = np.repeat(seen, np.diff(self.lines))
        of_line = np.repeat(np.arange(len(self.days)), np.diff(self.lines))[keep]
        return item_statistics(self.buyers[of_line], self.items[keep], self.days[of_line], vocabulary)


@dataclass(frozen=True, slots=True)
class Questions:
    """Baskets to foretell, each from all its household's earlier ones; `households` and `baskets` are (n,) numbers."""

    households: Rows
    baskets: Rows

    def __len__(self) -> int:
        return len(self.baskets)


@dataclass(frozen=True, slots=True)
class Split:
    """Who learns from what. `learn_until` (households,): the sequence model learns baskets before this number; then
    `blend` (weights are fitted on them), `validation` (choices are made on them), and two protocols of figures:
    `last_basket`, and `after_cut` with nothing after day `cut` ever learned from."""

    cut: float
    learn_until: Rows
    blend: Questions
    validation: Questions
    last_basket: Questions
    after_cut: Questions


def trips_of(events: pa.Table, ids: pa.ChunkedArray) -> Trips:
    """Returns the purchases in `events` as baskets over the rows of `ids`.

    Unknown items and nameless buyers are left out. A purchase without a basket goes into the basket of its buyer's day.
    """
    table = purchases(events)
    person = pc.coalesce(table["user"], table["visitor"])
    row = pc.index_in(table["item"], value_set=ids.combine_chunks())
    table = table.append_column("person", person).append_column("row", row)
    table = table.filter(pc.and_(pc.is_valid(table["person"]), pc.is_valid(table["row"])))
    day = pc.strftime(pc.floor_temporal(table["time"], unit="day"), format="%Y%m%d")
    basket = _ranks(pc.coalesce(table["basket"], pc.binary_join_element_wise("day", day, "-")))
    seconds = table["time"].cast(pa.int64()).to_numpy() / 1e6
    return _grouped(_ranks(table["person"]), basket, table["row"].to_numpy().astype(np.int64), seconds / SECONDS_A_DAY)


def split(trips: Trips) -> Split:
    """Returns the split of `trips`. Nothing that a figure is measured on is ever learned from or chosen by."""
    starts, ends = trips.households[:-1], trips.households[1:]
    cut = float(np.quantile(trips.days, BEFORE_CUT)) if len(trips.days) else 0.0
    before = np.array([a + int(np.searchsorted(trips.days[a:b], cut)) for a, b in zip(starts, ends, strict=True)])
    asked = ends - starts >= MIN_BASKETS
    limit = np.minimum(before, np.where(asked, ends - 1, ends)).astype(np.int64)
    held = np.clip(limit - HELD_OUT, np.minimum(starts + 2, limit), limit)
    have = np.flatnonzero(limit > held)
    late = np.flatnonzero((before < ends) & (before - starts >= MIN_BASKETS - 1))
    pairs = [(h, b) for h in have for b in range(held[h], limit[h] - 1)]
    return Split(
        cut=cut,
        learn_until=held,
        blend=Questions(*(np.array(pairs, dtype=np.int64).reshape(-1, 2).T)),
        validation=Questions(have, limit[have] - 1),
        last_basket=Questions(np.flatnonzero(asked), ends[asked] - 1),
        after_cut=Questions(late, before[late]),
    )


def _ranks(words: pa.ChunkedArray) -> Rows:
    """Returns numbers that sort as the words do: whole numbers by value, other words by their letters."""
    codes = words.combine_chunks().dictionary_encode()
    names = codes.dictionary.to_pylist()
    order = sorted(
        range(len(names)),
        key=lambda n: (not names[n].isdecimal(), int(names[n]) if names[n].isdecimal() else 0, names[n]),
    )
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    ranked: Rows = rank[codes.indices.to_numpy(zero_copy_only=False)]
    return ranked


def _grouped(person: Rows, basket: Rows, rows: Rows, days: npt.NDArray[np.float64]) -> Trips:
    """A basket happened when its last line did; the same basket id under two people is two baskets."""
    if not len(rows):
        nothing = np.zeros(0, dtype=np.int64)
        return Trips(nothing, np.zeros(1, np.int64), np.zeros(0), np.zeros(1, np.int64))
    _, trip = np.unique(np.stack([person, basket]), axis=1, return_inverse=True)
    trip = trip.reshape(-1)
    when = np.full(trip.max() + 1, -np.inf)
    np.maximum.at(when, trip, days)
    order = np.lexsort((rows, basket, when[trip], person))
    person, trip, rows = person[order], trip[order], rows[order]
    first = np.append(True, (trip[1:] != trip[:-1]) | (rows[1:] != rows[:-1]))
    person, trip, rows = person[first], trip[first], rows[first]
    opens = np.flatnonzero(np.append(True, trip[1:] != trip[:-1]))
    owner = person[opens]
    begins = np.flatnonzero(np.append(True, owner[1:] != owner[:-1]))
    return Trips(rows, np.append(opens, len(rows)), when[trip[opens]], np.append(begins, len(opens)))
