"""Baskets: what one person bought at one time, as rows of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.records import EventType
from tradewind.errors import DataError

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Baskets:
    """`rows` (lines,) are item rows, basket after basket, each item once; basket b is rows[starts[b]:starts[b + 1]]."""

    rows: Rows
    starts: Rows

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[Rows]:
        return (self.rows[a:b] for a, b in zip(self.starts[:-1], self.starts[1:], strict=True))

    @property
    def sizes(self) -> Rows:
        """How many distinct items each basket holds."""
        return np.diff(self.starts)

    def popularity(self, items: int) -> Rows:
        """Returns (items,) in how many baskets each catalogue row stands."""
        return np.bincount(self.rows, minlength=items).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Cuts:
    """What is before `validation` is learned, choices are made before `test`, figures come after it."""

    validation: datetime
    test: datetime


def time_cuts(events: pa.Table, validation: float = 0.8, test: float = 0.9) -> Cuts:
    """Returns the moments before which these shares of the purchases lie. Raises DataError without purchases."""
    times = purchases(events)["time"].combine_chunks()
    if not len(times):
        raise DataError("there are no purchases to learn from", hint="map a table of purchases in shop.yaml")
    ordered = times.take(pc.sort_indices(times))
    early, late = (ordered[min(int(share * len(ordered)), len(ordered) - 1)].as_py() for share in (validation, test))
    return Cuts(early, late)


def purchases(events: pa.Table) -> pa.Table:
    """Returns the purchase rows that name an item."""
    return events.filter(pc.and_(pc.equal(events["type"], EventType.PURCHASE.value), pc.is_valid(events["item"])))


def baskets(events: pa.Table, ids: pa.ChunkedArray, since: datetime | None, until: datetime | None) -> Baskets:
    """Returns the baskets bought in [since, until), over the rows of `ids`; unknown items are left out.

    A purchase without a basket goes into the basket of its buyer's day.
    """
    table = purchases(events)
    keep = pc.is_in(table["item"], value_set=ids.combine_chunks())
    if since is not None:
        keep = pc.and_(keep, pc.greater_equal(table["time"], pa.scalar(since, table["time"].type)))
    if until is not None:
        keep = pc.and_(keep, pc.less(table["time"], pa.scalar(until, table["time"].type)))
    table = table.filter(keep)
    rows = pc.index_in(table["item"], value_set=ids.combine_chunks()).to_numpy().astype(np.int64)
    return _grouped(_keys(table), rows)


def _keys(table: pa.Table) -> Rows:
    day = pc.strftime(pc.floor_temporal(table["time"], unit="day"), format="%Y%m%d")
    person = pc.coalesce(table["user"], table["visitor"], pa.scalar("", pa.string()))
    key = pc.coalesce(table["basket"], pc.binary_join_element_wise(person, day, " "))
    codes: Rows = key.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _grouped(keys: Rows, rows: Rows) -> Baskets:
    order = np.lexsort((rows, keys))
    keys, rows = keys[order], rows[order]
    new = np.ones(len(keys), dtype=bool)
    new[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
    keys, rows = keys[new], rows[new]
    begins = np.ones(len(keys), dtype=bool)
    begins[1:] = keys[1:] != keys[:-1]
    return Baskets(rows, np.append(np.flatnonzero(begins), len(keys)).astype(np.int64))
