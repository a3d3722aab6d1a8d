"""How much each item is wanted: over the whole log with time decay, and lately against before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tradewind.index.arrays import save_array

WEIGHTS = {"purchase": 1.0, "add_to_cart": 0.3, "click": 0.1, "view": 0.1}
"""What one event of each type says about an item; the other types say nothing."""
DAY_US = 86_400_000_000


def weighted_events(
    items: pa.Array, events: pa.Table
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Returns (place in `items`, time in µs since 1970, weight) of every event about one of `items` (their ids)."""
    types, weights = list(WEIGHTS), np.asarray([*WEIGHTS.values(), 0.0])
    kind = pc.fill_null(pc.index_in(events.column("type"), pa.array(types)), len(types)).to_numpy()
    place = pc.fill_null(pc.index_in(events.column("item"), items), -1).to_numpy().astype(np.int64)
    time = events.column("time").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    kept = (place >= 0) & (kind < len(types))
    return place[kept], time[kept], weights[kind[kept]]


def decayed_popularity(
    size: int, place: NDArray[np.int64], time: NDArray[np.int64], weight: NDArray[np.float64], half_life_days: float
) -> NDArray[np.float32]:
    """Returns, for each of `size` items, the sum of its events' weights, each halved every `half_life_days`.

    Ages count back from the last event of the log, so that the same log always gives the same figures.
    """
    if not len(time):
        return np.zeros(size, dtype=np.float32)
    age = (time.max() - time) / DAY_US
    return np.bincount(place, weights=weight * 0.5 ** (age / half_life_days), minlength=size).astype(np.float32)


def trend(
    size: int, place: NDArray[np.int64], time: NDArray[np.int64], weight: NDArray[np.float64], days: float
) -> NDArray[np.float32]:
    """Returns, for each of `size` items, how far its last `days` stand above the four such spans before them.

    The score is (recent - expected) / sqrt(expected + 1), where expected is a quarter of what the four spans before
    held: the Pearson residual of a Poisson count, with one added so that a single sale of a new item is no trend.
    """
    if not len(time):
        return np.zeros(size, dtype=np.float32)
    age = (time.max() - time) / (DAY_US * days)
    recent = np.bincount(place, weights=weight * (age < 1.0), minlength=size)
    expected = np.bincount(place, weights=weight * ((age >= 1.0) & (age < 5.0)), minlength=size) / 4.0
    return ((recent - expected) / np.sqrt(expected + 1.0)).astype(np.float32)


def write_popularity(folder: Path, popularity: NDArray[np.float32], trends: NDArray[np.float32]) -> None:
    """Writes both, row by row, and the rows that trend upwards, most first, equal ones in the order of rows."""
    rising = np.flatnonzero(trends > 0)
    rising = rising[np.lexsort((rising, -trends[rising]))]
    save_array(folder, "popularity", popularity.astype(np.float32))
    save_array(folder, "trending_rows", rising.astype(np.int64))
    save_array(folder, "trending_scores", trends[rising].astype(np.float32))
