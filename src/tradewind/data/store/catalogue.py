"""Items in the store, and the live changes that a running service follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
import pyarrow as pa
from sqlalchemy import Connection, func, select, text, update

from tradewind.data.records import CATEGORY_SEPARATOR, ITEM_SCHEMA, Item
from tradewind.data.store.people import chunks
from tradewind.data.store.schema import ITEM_COLUMNS, item_changes, items
from tradewind.data.store.statements import fetch, insert_or_replace, run_many

_STATE: Final = ("source_digest", "live", "removed")
ROW_COLUMNS: Final = (*ITEM_COLUMNS, *_STATE)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One live change: `item` and `vector` are None when the item was removed."""

    number: int
    item_id: str
    item: Item | None
    vector: bytes | None


def item_to_row(item: Item) -> tuple[Any, ...]:
    """Returns the item in the order of ITEM_COLUMNS."""
    return (
        item.id, item.title, item.text, CATEGORY_SEPARATOR.join(item.category), item.brand, item.price, item.currency,
        item.price_derived, attributes_to_text(item.attributes), item.image, item.language, item.availability,
        None if item.updated_at is None else to_micros(item.updated_at),
    )  # fmt: skip


def item_of_row(row: Sequence[Any]) -> Item:
    """Returns the item of a row in the order of ITEM_COLUMNS (or of ITEM_SCHEMA)."""
    updated = row[12]
    return Item(
        id=row[0], title=row[1], text=row[2], category=tuple(row[3].split(CATEGORY_SEPARATOR)) if row[3] else (),
        brand=row[4], price=row[5], currency=row[6], price_derived=bool(row[7]), attributes=orjson.loads(row[8]),
        image=row[9], language=row[10], availability=row[11],
        updated_at=of_micros(updated) if isinstance(updated, int) else updated,
    )  # fmt: skip


def attributes_to_text(attributes: Any) -> str:
    """Returns attributes as a JSON object with sorted keys."""
    return orjson.dumps(dict(attributes), option=orjson.OPT_SORT_KEYS).decode()


def to_micros(moment: datetime) -> int:
    """Returns microseconds since 1970 UTC, exactly; a time without a zone counts as UTC."""
    gap = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def of_micros(micros: int) -> datetime:
    """Returns the UTC time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def table(connection: Connection) -> pa.Table:
    """Returns the items on sale now, by id, in ITEM_SCHEMA."""
    wanted = select(*(items.c[name] for name in ITEM_COLUMNS)).where(items.c.removed == 0).order_by(items.c.id)
    batches = [_batch(rows) for rows in fetch(connection, wanted)]
    return pa.Table.from_batches(batches, schema=ITEM_SCHEMA).sort_by("id")


def _batch(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    arrays = []
    for field, column in zip(ITEM_SCHEMA, zip(*rows, strict=True), strict=True):
        values: Any = [None if v is None else bool(v) for v in column] if pa.types.is_boolean(field.type) else column
        arrays.append(
            pa.array(values, pa.int64()).cast(field.type)
            if field.name == "updated_at"
            else pa.array(values, field.type)
        )
    return pa.RecordBatch.from_arrays(arrays, schema=ITEM_SCHEMA)


def known_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Returns those ids that are, or once were, in the catalogue."""
    found: set[str] = set()
    for part in chunks(ids):
        found.update(connection.execute(select(items.c.id).where(items.c.id.in_(part))).scalars())
    return found


def source_digests(connection: Connection) -> dict[str, bytes | None]:
    """Returns for every item the digest of the row it came from; None for one that was added while serving."""
    rows = connection.execute(select(items.c.id, items.c.source_digest))
    return {item_id: None if digest is None else bytes(digest) for item_id, digest in rows}


def write_rows(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Adds or overwrites items, given in the order of ROW_COLUMNS."""
    run_many(connection, insert_or_replace(connection, items, "id", ROW_COLUMNS), ROW_COLUMNS, rows)


def mark_removed(connection: Connection, ids: Sequence[str]) -> None:
    """Takes items out of the catalogue; their rows stay, so that their events still name something known."""
    for part in chunks(ids):
        connection.execute(update(items).where(items.c.id.in_(part)).values(removed=1, source_digest=None))


def change(connection: Connection, upserts: Sequence[tuple[Item, bytes]], removals: Sequence[str]) -> int:
    """Applies live changes and numbers them. Returns the last number."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE item_changes IN EXCLUSIVE MODE"))
    number = latest(connection)
    kept = digests_of(connection, [item.id for item, _ in upserts])
    write_rows(connection, [(*item_to_row(item), kept.get(item.id), 1, 0) for item, _ in upserts])
    for part in chunks(removals):
        connection.execute(update(items).where(items.c.id.in_(part)).values(removed=1, live=1))
    changes = [
        *((item.id, orjson.dumps(item_to_row(item)).decode(), vector) for item, vector in upserts),
        *((item_id, None, None) for item_id in removals),
    ]
    rows = [(number + place, *row) for place, row in enumerate(changes, start=1)]
    if rows:
        connection.execute(
            item_changes.insert(),
            [dict(zip(("number", "item_id", "body", "vector"), row, strict=True)) for row in rows],
        )
    return number + len(rows)


def digests_of(connection: Connection, ids: Sequence[str]) -> dict[str, bytes | None]:
    """Returns, for those of these items that are known, the digest of the row each came from."""
    found: dict[str, bytes | None] = {}
    for part in chunks(ids):
        found.update(connection.execute(select(items.c.id, items.c.source_digest).where(items.c.id.in_(part))).all())
    return found


def latest(connection: Connection) -> int:
    """Returns the number of the last live change, 0 when there was none."""
    return connection.execute(select(func.max(item_changes.c.number))).scalar_one() or 0


def changes(connection: Connection, since: int) -> list[ItemChange]:
    """Returns the live changes after number `since`, in order."""
    rows = connection.execute(select(item_changes).where(item_changes.c.number > since).order_by(item_changes.c.number))
    return [
        ItemChange(number, item_id, body and item_of_row(orjson.loads(body)), None if vector is None else bytes(vector))
        for number, item_id, body, vector in rows
    ]
