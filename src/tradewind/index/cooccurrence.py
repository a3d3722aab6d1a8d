"""What is bought together: pairs of items that share baskets more often than chance would have it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tradewind.index.arrays import map_array, save_array
from tradewind.index.popularity import DAY_US

MAX_BASKET = 120
"""Lines of a basket that are paired, the most popular first: a stock order says little about what goes together."""
MIN_TOGETHER = 2
"""Baskets that a pair must share."""
_PAIRS_AT_ONCE = 4_000_000

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Companions:
    """Row r goes with rows[starts[r]:starts[r + 1]], best first; `scores` (float32) and the shared baskets `counts`."""

    starts: Ints
    rows: NDArray[np.int32]
    scores: NDArray[np.float32]
    counts: NDArray[np.int32]

    def of(self, row: int) -> slice:
        """Returns where the companions of `row` lie in the other arrays."""
        return slice(int(self.starts[row]), int(self.starts[row + 1]))


def count_companions(events: pa.Table, row_of: pa.Array, size: int, per_item: int) -> Companions:
    """Returns the `per_item` best companions of each of `size` rows, from the purchases of `events`.

    `row_of` holds the row of every event's item (null: unknown). Purchases without a basket are grouped by person and
    day. Pairs are ranked by Dunning's log-likelihood ratio ("Accurate methods for the statistics of surprise and
    coincidence", 1993), kept where they share more baskets than chance would have them share.
    """
    basket, row = _lines(events, row_of, size)
    baskets = int(basket[-1]) + 1 if len(basket) else 0
    held = np.bincount(row, minlength=size)
    place = _rank_in_group(basket)
    basket, row = basket[place < MAX_BASKET], row[place < MAX_BASKET]
    parts = [_lifted(pairs, held, baskets) for pairs in _pairs(basket, row, size)]
    left, right, scores, counts = (np.concatenate(column) for column in zip(*parts, strict=True))
    first, second = np.concatenate([left, right]), np.concatenate([right, left])
    scores = np.concatenate([scores, scores])
    order = np.lexsort((second, -scores, first))
    order = order[_rank_in_group(first[order]) < per_item]
    starts = np.concatenate([[0], np.cumsum(np.bincount(first[order], minlength=size))]).astype(np.int64)
    kept = np.concatenate([counts, counts])[order].astype(np.int32)
    return Companions(starts, second[order].astype(np.int32), scores[order], kept)


def write_companions(folder: Path, companions: Companions) -> None:
    """Writes `companions` as arrays that several processes map."""
    for part in ("starts", "rows", "scores", "counts"):
        save_array(folder, f"together_{part}", getattr(companions, part))


def open_companions(folder: Path) -> Companions:
    """Returns what write_companions wrote, memory-mapped. Raises ArtefactError."""
    return Companions(*(map_array(folder, f"together_{part}") for part in ("starts", "rows", "scores", "counts")))


def log_likelihood(both: Floats, left: Floats, right: Floats, total: float) -> Floats:
    """Returns the log-likelihood ratio of pairs that `both` of `total` baskets hold, their items `left` and `right`."""
    table = (both, left - both, right - both, total - left - right + both)
    entropy = sum(_xlogx(cell) for cell in table)
    margins = _xlogx(left) + _xlogx(total - left) + _xlogx(right) + _xlogx(total - right)
    return 2.0 * (entropy - margins + _xlogx(np.asarray(total, dtype=np.float64)))


def _xlogx(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(value * np.log(np.maximum(value, 1e-300)))


def _lines(events: pa.Table, row_of: pa.Array, size: int) -> tuple[Ints, Ints]:
    """Returns (basket number, row) of every distinct line of the purchases, sorted by both."""
    bought = pc.and_(pc.equal(events.column("type"), "purchase"), pc.is_valid(row_of))
    table = events.select(["basket", "user", "visitor", "time"]).append_column("row", row_of).filter(bought)
    person = pc.coalesce(table.column("user"), table.column("visitor"), pa.scalar("", pa.string()))
    day = pc.cast(
        pc.divide(table.column("time").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), DAY_US), pa.string()
    )
    visit = pc.binary_join_element_wise(person, day, "\x1f")
    key = pc.coalesce(pc.binary_join_element_wise("b", table.column("basket"), "\x1f"), visit)
    codes = key.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    rows = table.column("row").to_numpy().astype(np.int64)
    lines = np.unique(codes * size + rows)
    return np.unique(lines // size, return_inverse=True)[1].astype(np.int64), lines % size


def _rank_in_group(group: Ints) -> Ints:
    starts = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]])) if len(group) else np.zeros(0, np.int64)
    sizes = np.diff(np.concatenate([starts, [len(group)]]))
    return np.arange(len(group)) - np.repeat(starts, sizes)


def _pairs(basket: Ints, row: Ints, size: int) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Yields (lower row, higher row, shared baskets) of the pairs, a range of lower rows at a time."""
    ends = np.flatnonzero(np.concatenate([basket[1:] != basket[:-1], [True]])) if len(basket) else np.zeros(0, np.int64)
    last = np.repeat(ends, np.diff(np.concatenate([[-1], ends])))
    mates = np.bincount(row, weights=last - np.arange(len(row)), minlength=size)
    part = (np.cumsum(mates) // _PAIRS_AT_ONCE).astype(np.int64)
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(part)) + 1, [size]])
    for low, high in pairwise(bounds):
        found, counts = np.unique(_keys_between(row, last, int(low), int(high), size), return_counts=True)
        kept = counts >= MIN_TOGETHER
        yield found[kept] // max(size, 1), found[kept] % max(size, 1), counts[kept].astype(np.int64)


def _keys_between(row: Ints, last: Ints, low: int, high: int, size: int) -> Ints:
    """Returns lower * size + higher for every pair of one basket whose lower row is within low..high-1.

    The rows of a basket ascend, so the lower one of a pair stands first.
    """
    place, step, keys = np.flatnonzero((row >= low) & (row < high)), 0, list[Ints]()
    while len(place):
        step += 1
        place = place[place + step <= last[place]]
        keys.append(row[place] * size + row[place + step])
    return np.concatenate(keys) if keys else np.zeros(0, np.int64)


def _lifted(pairs: tuple[Ints, Ints, Ints], held: Ints, baskets: int) -> tuple[Ints, Ints, NDArray[np.float32], Ints]:
    """Returns (lower row, higher row, score, count) of the `pairs` that share more baskets than chance gives them."""
    lower, higher, counts = pairs
    above = counts * float(baskets) > held[lower] * held[higher].astype(np.float64)
    lower, higher, counts = lower[above], higher[above], counts[above]
    left, right = held[lower].astype(np.float64), held[higher].astype(np.float64)
    scores = log_likelihood(counts.astype(np.float64), left, right, float(baskets))
    return lower, higher, scores.astype(np.float32), counts
