"""Immutable copies of the store for learning: Parquet (zstd), named by the hash of their content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection

from tradewind.data.files import sync_folder, written_whole
from tradewind.data.records import EVENT_SCHEMA
from tradewind.data.store import Store, catalogue, log, open_store
from tradewind.errors import NotFoundError, StoreError
from tradewind.settings import Shop

FORMAT: Final = 1
ROWS_PER_DAY_FOR_DAYS: Final = 100_000
"""Above this many events a day a partition is a day, below it a month: a file for each of 365 small days would cost
more to open than to read, and a month of a busy shop would not fit a machine's memory."""

_LATEST: Final = "LATEST"
_TOMBSTONES: Final = "TOMBSTONES"
_ORDER: Final = [("time", "ascending"), ("event_id", "ascending")]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot on disk. `delta` is the number of the last live item change that it holds."""

    path: Path
    hash: str
    delta: int
    facts: dict[str, Any]
    tombstones: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def open(cls, path: Path, tombstones: Collection[str] = ()) -> Snapshot:
        """Returns the snapshot in folder `path`; people in `tombstones`, and those listed beside it, are left out.

        Raises NotFoundError when there is none.
        """
        try:
            facts = orjson.loads((path / "snapshot.json").read_bytes())
        except (OSError, ValueError):
            raise NotFoundError("there is no snapshot", where=str(path), hint="run `tradewind ingest`") from None
        listed = tombstones_path(path.parent)
        beside = listed.read_text().split() if listed.is_file() else []
        return cls(path, facts["hash"], facts["delta"], facts, frozenset(tombstones) | frozenset(beside))

    def items(self) -> pa.Table:
        """Returns the items in ITEM_SCHEMA, by id."""
        return pq.read_table(self.path / "items.parquet", use_threads=False)

    def events(self, columns: Sequence[str] | None = None, types: Sequence[str] | None = None) -> pa.Table:
        """Returns events in EVENT_SCHEMA (or only `columns` of it, of these `types`), by time and then event id."""
        wanted = list(columns or EVENT_SCHEMA.names)
        pieces = [self._piece(file, wanted, types) for file in sorted((self.path / "events").rglob("*.parquet"))]
        schema = pa.schema([EVENT_SCHEMA.field(name) for name in wanted])
        return pa.concat_tables([schema.empty_table(), *pieces])

    def _piece(self, file: Path, wanted: list[str], types: Sequence[str] | None) -> pa.Table:
        read = list(dict.fromkeys([*wanted, *(["user"] if self.tombstones else []), *(["type"] if types else [])]))
        table = pq.ParquetFile(file).read(columns=read, use_threads=False)
        if types:
            table = table.filter(pc.is_in(table["type"], pa.array(list(types), pa.string())))
        if self.tombstones:
            gone = pc.is_in(table["user"], pa.array(sorted(self.tombstones), pa.string()))
            table = table.filter(pc.invert(gone))
        return table.select(wanted)


def write_snapshot(store: Store, folder: Path) -> Snapshot:
    """Returns the snapshot of what the store holds now, written to `folder`/<hash> unless it is there already.

    The hash depends on the records alone: not on their order of arrival, the time, or the version of a library.
    Written to a folder of another name and renamed, so that a snapshot is whole or not there. Raises StoreError.
    """
    half = folder / f".half-{os.getpid()}"
    try:
        _clear_halves(folder)
        half.mkdir(parents=True)
        with store.reading() as connection:
            facts = _write(connection, half)
        path = folder / facts["hash"]
        if not path.exists():
            _sync_tree(half)
            half.rename(path)
            sync_folder(folder)
    except OSError as error:
        raise StoreError(f"the snapshot cannot be written: {error.strerror or error}", where=str(folder)) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
    tombstones = publish_tombstones(store, folder)
    with written_whole(folder / _LATEST) as file:
        file.write(facts["hash"].encode())
    return Snapshot.open(path, tombstones)


def tombstones_path(folder: Path) -> Path:
    """Returns where the list of erased people lies: beside the snapshots in `folder`."""
    return folder / _TOMBSTONES


def publish_tombstones(store: Store, folder: Path) -> set[str]:
    """Writes the list of erased people beside the snapshots, for readers without the store. Returns it."""
    tombstones = store.tombstones()
    with written_whole(tombstones_path(folder)) as file:
        file.write("\n".join(sorted(tombstones)).encode())
    return tombstones


def latest_snapshot(shop: Shop) -> Snapshot:
    """Returns the shop's newest snapshot, without anybody erased until now. Raises NotFoundError when there is none."""
    pointer = shop.snapshots / _LATEST
    if not pointer.is_file():
        raise NotFoundError("this shop has no snapshot yet", where=str(shop.snapshots), hint="run `tradewind ingest`")
    with closing(open_store(shop)) as store:
        return Snapshot.open(shop.snapshots / pointer.read_text().strip(), store.tombstones())


def _write(connection: Connection, half: Path) -> dict[str, Any]:
    items = catalogue.table(connection)
    pq.write_table(items, half / "items.parquet", compression="zstd")
    whole = sha256(f"tradewind snapshot {FORMAT}".encode())
    for row in zip(*(column.to_pylist() for column in items.columns), strict=True):
        whole.update(orjson.dumps(row))
    size = log.extent(connection)
    count = 0
    for name, start, end in _partitions(size):
        count += _write_partition(connection, half / "events" / name, (start, end), whole)
    facts = {
        "format": FORMAT,
        "hash": whole.hexdigest()[:32],
        "items": items.num_rows,
        "events": count,
        "first": catalogue.of_micros(size.first).isoformat() if count else None,
        "last": catalogue.of_micros(size.last).isoformat() if count else None,
        "delta": catalogue.latest(connection),
    }
    (half / "snapshot.json").write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    return facts


def _write_partition(connection: Connection, folder: Path, span: tuple[int, int], whole: Any) -> int:
    pieces = [
        pa.Table.from_batches([batch]).append_column("digest", digests)
        for batch, digests in log.tables(connection, log.query(*span))
    ]
    if not pieces:
        return 0
    table = pa.concat_tables(pieces).sort_by(_ORDER).combine_chunks()
    for name in ("event_id", "digest"):
        whole.update(b"".join(table[name].cast(pa.binary()).to_pylist()))
    folder.mkdir(parents=True)
    pq.write_table(table.drop_columns("digest"), folder / "part.parquet", compression="zstd")
    return int(table.num_rows)


def _partitions(size: log.Extent) -> Iterator[tuple[str, int, int]]:
    """Yields a folder name and the microseconds from which and up to which its events lie."""
    if size.count == 0:
        return
    first, last = catalogue.of_micros(size.first), catalogue.of_micros(size.last)
    by_day = size.count / ((last - first).days + 1) >= ROWS_PER_DAY_FOR_DAYS
    start = datetime(first.year, first.month, first.day if by_day else 1, tzinfo=UTC)
    while start <= last:
        end = start + timedelta(days=1) if by_day else (start + timedelta(days=32)).replace(day=1)
        name = f"day={start:%Y-%m-%d}" if by_day else f"month={start:%Y-%m}"
        yield name, catalogue.to_micros(start), catalogue.to_micros(end)
        start = end


def _clear_halves(folder: Path) -> None:
    """Deletes what a killed process left half-made."""
    for half in folder.glob(".half-*"):
        if not Path(f"/proc/{half.name.removeprefix('.half-')}").exists() or half.name == f".half-{os.getpid()}":
            shutil.rmtree(half, ignore_errors=True)


def _sync_tree(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            sync_folder(path)
            continue
        with path.open("rb") as file:
            os.fsync(file.fileno())
    sync_folder(folder)
