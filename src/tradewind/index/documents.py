"""Items by row and by id: one memory-mapped file, an item read in microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from tradewind.data.records import CATEGORY_SEPARATOR, Item
from tradewind.errors import DataError
from tradewind.index.arrays import map_array, save_array
from tradewind.index.columns import map_table, write_table

_CHUNK = 50_000


def write_documents(folder: Path, items: pa.Table) -> None:
    """Writes the rows of `items` (ITEM_SCHEMA) in their order. Raises DataError when two share an id."""
    records = [pa.array(_records(chunk), pa.large_binary()) for chunk in _slices(items)]
    joined = pa.concat_arrays(records) if records else pa.array([], pa.large_binary())
    write_table(folder / "documents.arrow", pa.table({"record": joined}))
    hashes = np.fromiter((_hash(item_id) for item_id in _ids(items)), np.uint64, items.num_rows)
    order = np.argsort(hashes, kind="stable")
    _refuse_doubles(items, hashes[order], order)
    save_array(folder, "id_hashes", hashes[order])
    save_array(folder, "id_rows", order.astype(np.int64))


class Documents:
    """Reads what write_documents wrote. Thread-safe: it never changes."""

    def __init__(self, folder: Path) -> None:
        table = map_table(folder / "documents.arrow")
        self.size: int = table.num_rows
        self._hashes, self._rows = map_array(folder, "id_hashes"), map_array(folder, "id_rows")
        if self.size:
            chunk = table.column("record").chunk(0)
            _, offsets, data = chunk.buffers()
            self._offsets = np.frombuffer(offsets, dtype=np.int64)[chunk.offset : chunk.offset + self.size + 1]
            self._data = memoryview(data)

    def item(self, row: int) -> Item:
        """Returns the item at `row`, which must be within 0..size-1."""
        return to_item(orjson.loads(self._data[self._offsets[row] : self._offsets[row + 1]]))

    def row_of(self, item_id: str) -> int | None:
        """Returns the row of the item called `item_id`, or None."""
        wanted = np.uint64(_hash(item_id))
        at = int(np.searchsorted(self._hashes, wanted))
        while at < self.size and self._hashes[at] == wanted:
            row = int(self._rows[at])
            if self.item(row).id == item_id:
                return row
            at += 1
        return None


def to_item(record: Mapping[str, Any]) -> Item:
    """Returns the item of a record of the documents file."""
    updated = record.get("updated_at")
    return Item(
        id=record["id"],
        title=record["title"],
        text=record["text"],
        category=tuple(record["category"]),
        brand=record["brand"],
        price=record["price"],
        currency=record["currency"],
        price_derived=record["price_derived"],
        attributes=record["attributes"],
        image=record["image"],
        language=record["language"],
        availability=record["availability"],
        updated_at=None if updated is None else datetime.fromtimestamp(updated / 1e6, tz=UTC),
    )


def updated_us(item: Item) -> int:
    """Returns when `item` last changed, in µs since 1970, 0 when unknown."""
    return 0 if item.updated_at is None else int(item.updated_at.timestamp() * 1e6)


def items_of(table: pa.Table) -> Iterable[Item]:
    """Yields the items of a table of ITEM_SCHEMA, a bounded number in memory at a time."""
    for chunk in _slices(table):
        for record in _rows(chunk):
            yield to_item(record)


def _records(chunk: pa.Table) -> list[bytes]:
    return [orjson.dumps(record) for record in _rows(chunk)]


def _rows(chunk: pa.Table) -> list[dict[str, Any]]:
    if "updated_at" in chunk.column_names:
        at = chunk.column_names.index("updated_at")
        stamps = chunk.column(at).cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        chunk = chunk.set_column(at, "updated_at", stamps)
    found: list[dict[str, Any]] = chunk.to_pylist()
    for record in found:
        path = record["category"]
        record["category"] = path.split(CATEGORY_SEPARATOR) if path else []
        record["attributes"] = orjson.loads(record["attributes"]) if record["attributes"] else {}
        record["title"], record["text"] = record["title"] or "", record["text"] or ""
        record["price_derived"] = bool(record["price_derived"])
        record["availability"] = record["availability"] or "in_stock"
    return found


def _slices(table: pa.Table) -> Iterable[pa.Table]:
    return (table.slice(start, _CHUNK) for start in range(0, table.num_rows, _CHUNK))


def _ids(items: pa.Table) -> Iterable[str]:
    for chunk in items.column("id").chunks:
        yield from chunk.to_pylist()


def _hash(item_id: str) -> int:
    return int.from_bytes(blake2b(item_id.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _refuse_doubles(items: pa.Table, ordered: np.ndarray[Any, Any], order: np.ndarray[Any, Any]) -> None:
    for at in np.flatnonzero(ordered[1:] == ordered[:-1]):
        left, right = (items.column("id")[int(order[place])].as_py() for place in (at, at + 1))
        if left == right:
            raise DataError(f"two items are called {left!r}", hint="an item's id must be its own")
