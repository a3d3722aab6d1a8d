"""Filters and facets: every value of every filterable field, and which rows hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tradewind.data.records import CATEGORY_SEPARATOR, Item
from tradewind.errors import RequestError
from tradewind.index.arrays import group_by_code, load_json, map_array, save_array, save_json
from tradewind.index.filters import Filters

Codes = NDArray[np.int32]
BUILT_IN = ("category", "brand")
SELLABLE = ("in_stock", "low_stock", "limited_availability")
"""Availabilities that count as being in stock."""


@dataclass(frozen=True, slots=True)
class FacetCount:
    """How many of the rows hold `value`; a category counts its whole subtree and is written as its path."""

    value: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class FacetField:
    """One field. Row r holds values[codes[r]], or nothing when codes[r] is -1.

    Values are sorted; a category's are sorted as paths, so that the subtree of node c is the nodes c..ends[c]-1.
    `order[starts[c]:starts[c+1]]` are the rows that hold value c.
    """

    values: Sequence[str]
    codes: Codes
    ends: Codes
    order: Codes
    starts: NDArray[np.int64]

    def spans(self, wanted: Iterable[str], places: Mapping[str, int]) -> list[tuple[int, int]]:
        """Returns the ranges of codes that `wanted` stands for; a value that no row holds stands for none."""
        found = sorted({places[value] for value in wanted if value in places})
        return [(code, int(self.ends[code])) for code in found]

    def counts(self, rows: NDArray[np.int64], limit: int | None) -> list[FacetCount]:
        """Returns the values that `rows` hold, most frequent first, equal counts in the order of the values."""
        held = self.codes[rows]
        sizes = np.bincount(held[held >= 0], minlength=len(self.values))
        running = np.concatenate([[0], np.cumsum(sizes)])
        totals = running[self.ends] - running[:-1]
        order = np.lexsort((np.arange(len(totals)), -totals))
        return [FacetCount(self.values[at], int(totals[at])) for at in order[: np.count_nonzero(totals)][:limit]]


class FacetTable:
    """The filterable fields of a set of rows. Thread-safe: it never changes."""

    def __init__(
        self, fields: Mapping[str, FacetField], price: NDArray[np.float64], in_stock: NDArray[np.bool_]
    ) -> None:
        self.fields = fields
        self.price = price
        self.in_stock = in_stock
        self.size = len(price)
        self.places: Mapping[str, Mapping[str, int]] = {
            name: {value: at for at, value in enumerate(found.values)} for name, found in fields.items()
        }
        """For every field, the code of every value."""

    def above(self, name: str, value: str) -> list[str]:
        """Returns `value` with every category path above it, the top first; other fields have nothing above a value."""
        if name != "category":
            return [value]
        levels = value.split(CATEGORY_SEPARATOR)
        return [CATEGORY_SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels) + 1)]

    def check(self, names: Iterable[str]) -> None:
        """Raises RequestError for a field that this catalogue cannot filter by or count."""
        for name in names:
            if name not in self.fields and name != "price":
                known = ", ".join([*sorted(self.fields), "price"])
                raise RequestError(f"{name!r} is not a field that this catalogue can filter by", hint=f"known: {known}")

    def select(self, filters: Filters) -> NDArray[np.int64]:
        """Returns the rows that pass `filters`, ascending. Raises RequestError for an unknown field."""
        self.check(name for name in filters.terms if name == "price" or name not in self.fields)
        if "price" in filters.terms:
            raise RequestError("price is filtered by price_min and price_max")
        spans = {
            name: self.fields[name].spans(values, self.places[name]) for name, values in filters.terms.items() if values
        }
        rows = self._narrowest(spans)
        for name, ranges in spans.items():
            rows = rows[_within(self.fields[name].codes[rows], ranges)]
        return self._by_offer(rows, filters)

    def counts(
        self, rows: NDArray[np.int64], names: Iterable[str], limit: int | None = None
    ) -> dict[str, list[FacetCount]]:
        """Returns, for every field of `names`, the counts of its `limit` most frequent values (None: all) over `rows`.

        Raises RequestError for an unknown field.
        """
        wanted = [name for name in names if name != "price"]
        self.check(wanted)
        return {name: self.fields[name].counts(rows, limit) for name in wanted}

    def _narrowest(self, spans: Mapping[str, list[tuple[int, int]]]) -> NDArray[np.int64]:
        """Returns the rows of the field that leaves fewest, ascending; every row when no field is asked about."""
        if not spans:
            return np.arange(self.size, dtype=np.int64)
        sizes = {name: sum(_length(self.fields[name], span) for span in ranges) for name, ranges in spans.items()}
        name = min(sizes, key=lambda each: (sizes[each], each))
        found = self.fields[name]
        pieces = [found.order[found.starts[low] : found.starts[high]] for low, high in spans[name]]
        rows = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int32)
        return np.unique(rows).astype(np.int64)

    def _by_offer(self, rows: NDArray[np.int64], filters: Filters) -> NDArray[np.int64]:
        if filters.price_min is not None:
            rows = rows[self.price[rows] >= filters.price_min]
        if filters.price_max is not None:
            rows = rows[self.price[rows] <= filters.price_max]
        return rows[self.in_stock[rows]] if filters.in_stock else rows


def _length(found: FacetField, span: tuple[int, int]) -> int:
    return int(found.starts[span[1]] - found.starts[span[0]])


def _within(codes: Codes, ranges: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    passed = np.zeros(len(codes), dtype=bool)
    for low, high in ranges:
        passed |= (codes >= low) & (codes < high)
    return passed


def facet_table(items: Iterable[Item], names: Iterable[str]) -> FacetTable:
    """Returns the table of `items`, whose fields are category, brand and the attributes among `names`."""
    attributes = [name for name in names if name not in (*BUILT_IN, "price")]
    held: dict[str, list[str | None]] = {name: [] for name in (*BUILT_IN, *attributes)}
    prices, stocked = [], []
    for item in items:
        held["category"].append(CATEGORY_SEPARATOR.join(item.category) or None)
        held["brand"].append(item.brand or None)
        for name in attributes:
            held[name].append(item.attributes.get(name) or None)
        prices.append(np.nan if item.price is None else item.price)
        stocked.append(item.availability in SELLABLE)
    fields = {name: _field(values, paths=name == "category") for name, values in held.items()}
    return FacetTable(fields, np.asarray(prices, dtype=np.float64), np.asarray(stocked, dtype=bool))


def _field(held: Sequence[str | None], *, paths: bool) -> FacetField:
    distinct = {value for value in held if value}
    values = _nodes(distinct) if paths else sorted(distinct)
    places = {value: at for at, value in enumerate(values)}
    codes = np.asarray([places[value] if value else -1 for value in held], dtype=np.int32)
    ends = _subtree_ends(values) if paths else list(range(1, len(values) + 1))
    order, starts = group_by_code(codes, len(values))
    return FacetField(values, codes, np.asarray(ends, dtype=np.int32), order, starts)


def _nodes(paths: Iterable[str]) -> list[str]:
    """Returns every path and every path above it, each just before what lies under it."""
    nodes = {
        tuple(parts[:depth])
        for parts in (path.split(CATEGORY_SEPARATOR) for path in paths)
        for depth in range(1, len(parts) + 1)
    }
    return [CATEGORY_SEPARATOR.join(node) for node in sorted(nodes)]


def _subtree_ends(values: Sequence[str]) -> list[int]:
    ends, open_nodes = [len(values)] * len(values), list[tuple[int, str]]()
    for at, value in enumerate(values):
        while open_nodes and not value.startswith(open_nodes[-1][1]):
            ends[open_nodes.pop()[0]] = at
        open_nodes.append((at, value + CATEGORY_SEPARATOR))
    return ends


def write_facets(folder: Path, table: FacetTable) -> None:
    """Writes `table` as arrays that several processes map."""
    names = list(table.fields)
    save_json(folder, "facets", {"fields": names, "values": [list(table.fields[name].values) for name in names]})
    for at, name in enumerate(names):
        found = table.fields[name]
        for part in ("codes", "ends", "order", "starts"):
            save_array(folder, f"facet_{at}_{part}", getattr(found, part))
    save_array(folder, "price", table.price)
    save_array(folder, "in_stock", table.in_stock)


def open_facets(folder: Path) -> FacetTable:
    """Returns the table that write_facets wrote, memory-mapped. Raises ArtefactError."""
    known = load_json(folder, "facets")
    fields = {}
    for at, (name, values) in enumerate(zip(known["fields"], known["values"], strict=True)):
        parts = [map_array(folder, f"facet_{at}_{part}") for part in ("codes", "ends", "order", "starts")]
        fields[name] = FacetField(values, *parts)
    return FacetTable(fields, map_array(folder, "price"), map_array(folder, "in_stock"))
