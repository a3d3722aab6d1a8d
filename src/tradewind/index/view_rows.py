"""The rows of a view: base rows that nothing hides, then the live ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tradewind.data.records import Item
from tradewind.errors import NotFoundError
from tradewind.index.base import Base
from tradewind.index.documents import updated_us
from tradewind.index.filters import NO_FILTERS, Filters
from tradewind.index.hits import Rows
from tradewind.index.live import LiveRows


class ViewRows:
    """Rows 0..base-1 are the catalogue's, rows from there on are live; hidden base rows never come back."""

    def __init__(self, base: Base, live: LiveRows, delta: int) -> None:
        self.base, self.live, self.delta = base, live, delta
        self.first_live = base.size

    @property
    def size(self) -> int:
        """The number of items."""
        return self.base.size - len(self.live.hidden) + len(self.live)

    def row_of(self, item_id: str) -> int | None:
        """Returns the row of an item, or None when there is none of that id (any more)."""
        if item_id in self.live.places:
            return self.first_live + self.live.places[item_id]
        row = self.base.documents.row_of(item_id)
        return None if row is None or self._is_hidden(row) else row

    def item(self, row: int) -> Item:
        """Returns the item at `row`. Raises NotFoundError for a row that this view does not have."""
        if self.first_live <= row < self.first_live + len(self.live):
            return self.live.items[row - self.first_live]
        if not 0 <= row < self.first_live or self._is_hidden(row):
            raise NotFoundError(f"there is no row {row}")
        return self.base.documents.item(int(row))

    def items(self, rows: Sequence[int] | Rows) -> list[Item]:
        """Returns the items at `rows`, in that order. Raises NotFoundError."""
        return [self.item(int(row)) for row in rows]

    def popularity(self, rows: Rows) -> NDArray[np.float32]:
        """Returns how much each of `rows` is wanted (decayed, weighted events); an item new since indexing has 0."""
        return self._per_row(rows, self.base.rows.popularity, self._inherited(self.base.rows.popularity))

    def prices(self, rows: Rows) -> NDArray[np.float64]:
        """Returns the prices at `rows`, not-a-number where unknown."""
        return self._per_row(rows, self.base.facets.price, self.live.facets.price)

    def updated_at(self, rows: Rows) -> NDArray[np.int64]:
        """Returns when the items at `rows` last changed, in µs since 1970; 0 where unknown."""
        live = np.asarray([updated_us(item) for item in self.live.items], dtype=np.int64)
        return self._per_row(rows, self.base.rows.updated_at, live)

    def standing(self, rows: Rows) -> NDArray[np.int64]:
        """Returns where `rows` stand among rows of equal score, lower first: by popularity, then by item id."""
        found = np.asarray(rows, dtype=np.int64)
        live = found >= self.first_live
        if not live.any():
            return found
        found = found.copy()
        found[live] = self.live.standing[found[live] - self.first_live]
        return found

    def text_of(self, rows: Rows) -> NDArray[np.int64]:
        """Returns a number per distinct base vector, so that identical texts can be told; a live row has its own."""
        live = self.base.vectors.size + np.arange(len(self.live))
        return self._per_row(rows, self.base.vectors.text_of, live)

    def select(self, filters: Filters = NO_FILTERS) -> Rows:
        """Returns every row that passes `filters`, most popular first. Raises RequestError for an unknown field."""
        selection = self.base.select(filters)
        rows = np.arange(self.first_live, dtype=np.int64) if selection is None else selection.rows
        live = self.live.facets.select(filters) + self.first_live
        if not len(self.live.hidden) and not len(live):
            return rows
        found = np.concatenate([self.visible(rows), live])
        return found[np.argsort(self.standing(found), kind="stable")]

    def matching(self, filters: Filters = NO_FILTERS) -> int:
        """Returns how many items pass `filters`. Raises RequestError for an unknown field."""
        selection = self.base.select(filters)
        base = self.base.size if selection is None else len(selection.rows)
        hidden = self.live.hidden if selection is None else self.live.hidden[selection.mask[self.live.hidden]]
        return base - len(hidden) + len(self.live.facets.select(filters))

    def visible(self, base_rows: Rows) -> Rows:
        """Returns those of `base_rows` that nothing hides."""
        return base_rows[~np.isin(base_rows, self.live.hidden)] if len(self.live.hidden) else base_rows

    def current(self, base_rows: Rows) -> Rows:
        """Returns where the items of `base_rows` are now: there still, the row of a changed item, -1 when removed."""
        if not len(self.live.hidden):
            return base_rows
        hidden = np.isin(base_rows, self.live.hidden)
        moved = [
            self.live.replacement.get(int(row), -1 - self.first_live) + self.first_live for row in base_rows[hidden]
        ]
        rows = base_rows.copy()
        rows[hidden] = moved
        return rows

    def _per_row(self, rows: Rows, base: NDArray[Any], live: NDArray[Any]) -> NDArray[Any]:
        """Returns the values at `rows`, out of one array for base rows and one for live rows."""
        wanted = np.asarray(rows, dtype=np.int64)
        is_live = wanted >= self.first_live
        found = np.empty(len(wanted), dtype=np.result_type(base, live))
        found[~is_live] = base[wanted[~is_live]]
        found[is_live] = live[wanted[is_live] - self.first_live]
        return found

    def _is_hidden(self, row: int) -> bool:
        at = int(np.searchsorted(self.live.hidden, row))
        return at < len(self.live.hidden) and int(self.live.hidden[at]) == row

    def _inherited(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        if not len(values):
            return np.zeros(len(self.live), dtype=np.float32)
        return np.where(self.live.replaced >= 0, values[np.maximum(self.live.replaced, 0)], np.float32(0))
