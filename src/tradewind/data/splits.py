"""Splits of a log into what a model may learn from and what it is tested on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.errors import DataError


@dataclass(frozen=True, slots=True)
class Split:
    """Rows to learn from and rows to test on; no row is in both, and both keep the order they came in."""

    train: pa.Table
    test: pa.Table


def by_time(events: pa.Table, cut: datetime) -> Split:
    """Returns the events before `cut` and those at or after it: one moment for everybody, as in a shop's life."""
    before = pc.less(events["time"], pa.scalar(cut, events.schema.field("time").type))
    return Split(events.filter(before), events.filter(pc.invert(before)))


def time_of_share(events: pa.Table, share: float) -> datetime:
    """Returns the time before which at least `share` (0 to 1) of the events lie, for `by_time`.

    Raises DataError when there are no events.
    """
    if events.num_rows == 0:
        raise DataError("there are no events to split")
    times = np.sort(events["time"].cast(pa.int64()).to_numpy())
    place = min(len(times) - 1, int(np.ceil(share * len(times))))
    moment: datetime = pa.scalar(int(times[place]), pa.int64()).cast(events.schema.field("time").type).as_py()
    return moment


def last_basket(purchases: pa.Table, least_baskets: int = 4) -> Split:
    """Returns each user's last basket as the test, all others as the history.

    A basket is what a user bought under one basket id, or at one time where there is none; the last one is that
    with the latest line (the larger basket id among equals). Users with fewer than `least_baskets` are history only.
    """
    table = purchases.append_column("row", pa.array(np.arange(purchases.num_rows)))
    named = table.filter(pc.is_valid(table["user"]))
    key = pc.coalesce(named["basket"], named["time"].cast(pa.int64()).cast(pa.string()))
    ends = (
        pa.table({"user": named["user"], "key": key, "time": named["time"]})
        .group_by(["user", "key"])
        .aggregate([("time", "max")])
    )
    ranked = ends.sort_by([("user", "ascending"), ("time_max", "ascending"), ("key", "ascending")])
    users = ranked["user"].combine_chunks().dictionary_encode()
    codes = np.asarray(users.indices)
    is_last = np.append(codes[1:] != codes[:-1], True) if len(codes) else np.zeros(0, dtype=bool)
    enough = np.bincount(codes, minlength=len(users.dictionary))[codes] >= least_baskets if len(codes) else is_last
    chosen = ranked.filter(pa.array(is_last & enough)).select(["user", "key"])
    keyed = pa.table({"user": named["user"], "key": key, "row": named["row"]})
    rows = keyed.join(chosen, keys=["user", "key"], join_type="left semi")["row"].to_numpy()
    in_test = np.zeros(purchases.num_rows, dtype=bool)
    in_test[rows] = True
    return Split(purchases.filter(pa.array(~in_test)), purchases.filter(pa.array(in_test)))
