"""The way in: sources → mapping → checks → masking and pseudonyms → store → prices → snapshot."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Protocol

from tradewind.data.files import written_whole
from tradewind.data.load_events import EventLoader
from tradewind.data.load_items import ItemLoader
from tradewind.data.prices import derive_prices
from tradewind.data.quarantine import Quarantine, quarantine_path
from tradewind.data.report import IngestReport, TableReport
from tradewind.data.snapshot import Snapshot, write_snapshot
from tradewind.data.sources import SourceBatch, open_source
from tradewind.data.store import Store, open_store
from tradewind.errors import StoreError
from tradewind.settings import DerivedPrice, Shop, SourceSettings
from tradewind.telemetry import Progress, SilentProgress


class Loader(Protocol):
    """Takes the batches of one source into the store."""

    read: int
    stored: int
    duplicates: int
    notes: Counter[str]

    def load(self, batch: SourceBatch) -> None: ...

    def finish(self) -> None: ...


def ingest(shop: Shop, progress: Progress | None = None) -> IngestReport:
    """Takes a shop's tables into its store and writes a snapshot. Returns what became of every row.

    Idempotent: the same rows again are duplicates. Killed at any moment and started again it ends with the same
    store. Raises DataError when a source cannot be read at all, and StoreError, saying what was kept, when the disk
    does not take more.
    """
    started = time.perf_counter()
    watched = progress or SilentProgress()
    with closing(open_store(shop)) as store:
        tables = _load_all(shop, store, watched)
        priced = _price(shop, store)
        snapshot = _snapshot(shop, store, watched)
        report = IngestReport(tuple(tables), snapshot.hash, time.perf_counter() - started, priced)
    report.write(shop.reports)
    return report


def _load_all(shop: Shop, store: Store, progress: Progress) -> list[TableReport]:
    settings = shop.settings
    tables = [_load("items", settings.items.source, shop, progress, partial(ItemLoader, shop, store))]
    for place, events in enumerate(settings.events, start=1):
        name = "events" if len(settings.events) == 1 else f"events-{place}"
        tables.append(_load(name, events.source, shop, progress, partial(EventLoader, events, store)))
    return tables


def _load(
    table: str, settings: SourceSettings, shop: Shop, progress: Progress, loader_for: Callable[[Quarantine], Loader]
) -> TableReport:
    source = open_source(settings, shop.root)
    path = quarantine_path(shop.quarantine, table)
    progress.start(table, source.rows())
    with written_whole(path) as file:
        bad = Quarantine(file)
        loader = loader_for(bad)
        try:
            for batch in source.batches():
                loader.load(batch)
                progress.advance(batch.columns.num_rows + len(batch.unreadable))
            loader.finish()
        except StoreError as error:
            raise _with_what_was_kept(error, table, loader) from error
    return TableReport(
        table, settings.path or settings.query or table, loader.read, loader.stored, loader.duplicates, bad.rows,
        dict(bad.reasons), dict(loader.notes), str(path),
    )  # fmt: skip


def _with_what_was_kept(error: StoreError, table: str, loader: Loader) -> StoreError:
    kept = f"{loader.stored:,} new rows of {table} are kept, and run again the ingest goes on from there"
    return StoreError(error.what, where=error.where, hint="; ".join(part for part in (kept, error.hint) if part))


def _price(shop: Shop, store: Store) -> int:
    price = shop.settings.items.price
    if not isinstance(price, DerivedPrice):
        return 0
    with store.writing() as connection:
        return derive_prices(connection, price.weeks)


def _snapshot(shop: Shop, store: Store, progress: Progress) -> Snapshot:
    progress.start("snapshot", None)
    return write_snapshot(store, shop.snapshots)
