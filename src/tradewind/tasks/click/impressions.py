"""Impressions with their position, and which of them were clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.records import EventType
from tradewind.errors import DataError

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Impressions:
    """What was shown, one row an item in a reply, in the order of the log.

    All are (n,): `requests` number the replies from 0, `items` are rows of the catalogue, `positions` count from 0,
    `clicks` are true where the item was clicked in that reply.
    """

    requests: Rows
    items: Rows
    positions: Rows
    clicks: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        if len({len(self.requests), len(self.items), len(self.positions), len(self.clicks)}) > 1:
            raise DataError("requests, items, positions and clicks of impressions differ in length")
        if len(self.positions) and self.positions.min() < 0:
            raise DataError(f"an impression at position {self.positions.min()}: positions count from 0")

    def __len__(self) -> int:
        return len(self.items)

    def take(self, rows: npt.NDArray[np.generic]) -> Impressions:
        """Returns the impressions chosen by numbers or by a mask, in their order."""
        return Impressions(self.requests[rows], self.items[rows], self.positions[rows], self.clicks[rows])


def impressions_of(events: pa.Table, ids: pa.ChunkedArray) -> Impressions:
    """Returns the impressions among `events`, over the rows of `ids`, joined with the clicks of the same request.

    A click belongs to the impression of its item in its own request; one without a request says nothing about a
    position and is left out, as are items that are not in `ids`. An item shown twice in a reply counts at its first
    position. Raises DataError when no impression has both a request and a position.
    """
    known = pc.and_(pc.is_valid(events["request_id"]), pc.is_in(events["item"], value_set=ids.combine_chunks()))
    events = events.filter(known)
    shown = events.filter(
        pc.and_(pc.equal(events["type"], EventType.IMPRESSION.value), pc.is_valid(events["position"]))
    )
    clicked = events.filter(pc.equal(events["type"], EventType.CLICK.value))
    if not shown.num_rows:
        raise DataError(
            "no impression names its request and its position",
            hint="send impressions with request_id and position to /v1/events, as every reply of Tradewind allows",
        )
    clicks = set(zip(clicked["request_id"].to_pylist(), clicked["item"].to_pylist(), strict=True))
    first: dict[tuple[str, str], int] = {}
    keys = list(zip(shown["request_id"].to_pylist(), shown["item"].to_pylist(), strict=True))
    positions = shown["position"].to_pylist()
    for key, position in zip(keys, positions, strict=True):
        first[key] = min(first.get(key, position), position)
    numbers: dict[str, int] = {}
    requests = [numbers.setdefault(request, len(numbers)) for request, _ in first]
    rows = pc.index_in(pa.array([item for _, item in first]), value_set=ids.combine_chunks())
    return Impressions(
        np.array(requests, dtype=np.int64),
        rows.to_numpy(zero_copy_only=False).astype(np.int64),
        np.array(list(first.values()), dtype=np.int64),
        np.array([key in clicks for key in first], dtype=np.bool_),
    )
