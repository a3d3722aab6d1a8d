"""Takes the catalogue from its source into the store."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from tradewind.data.abbreviations import load_abbreviations
from tradewind.data.checks import ITEM_CHECKS, CheckContext, Finding, first_findings
from tradewind.data.checks.duplicate_id import DuplicateId
from tradewind.data.checks.missing_column import require_columns
from tradewind.data.identity import row_digest
from tradewind.data.item_mapping import ItemMapping
from tradewind.data.quarantine import Quarantine, kept_rows
from tradewind.data.records import ITEM_SCHEMA
from tradewind.data.sources import SourceBatch
from tradewind.data.store import Store, catalogue
from tradewind.data.store.online import plain_list
from tradewind.data.typed_columns import Mapped
from tradewind.settings import Shop

_PRICE: Final = ITEM_SCHEMA.names.index("price")


class ItemLoader:
    """Loads the batches of a catalogue, one transaction each."""

    table: Final = "items"

    def __init__(self, shop: Shop, store: Store, quarantine: Quarantine) -> None:
        items = shop.settings.items
        self._mapping = ItemMapping(shop.settings, load_abbreviations(items.abbreviations, shop.root))
        self._store = store
        self._quarantine = quarantine
        self._is_repeat = DuplicateId()
        self._seen: set[bytes] = set()
        self._unnamed = 0
        self._now = datetime.now(UTC)
        self.read = self.stored = self.duplicates = 0
        self.notes: Counter[str] = Counter()

    def load(self, batch: SourceBatch) -> None:
        """Checks, maps and stores a batch. Raises DataError for a missing column, StoreError for a full disk."""
        require_columns(self._mapping.columns, batch.columns.schema.names, batch.file)
        rows = batch.columns.num_rows
        mapped = self._mapping.map(dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True)), rows)
        findings = first_findings(ITEM_CHECKS, mapped.columns, CheckContext(self._now, faults=mapped.faults))
        self._find_repeats(mapped, findings, rows)
        self._remember(mapped.columns["id"])
        self._unnamed += len(batch.unreadable)
        self._quarantine.add_lines(batch.file, batch.unreadable)
        self._quarantine.add_rows(batch, mapped.given, findings)
        good = kept_rows(rows, findings)
        self.notes["titles_taken_from_the_category"] += int((mapped.titles_filled & np.asarray(good)).sum())
        with self._store.writing() as connection:
            stored = self._store_rows(connection, [mapped.columns[name].filter(good) for name in ITEM_SCHEMA.names])
        self.read += rows + len(batch.unreadable)
        self.stored += stored
        self.duplicates += rows - len(findings) - stored

    def finish(self) -> None:
        """Takes items out that their source no longer has; when lines could not be read, nothing is taken out."""
        if self._unnamed:
            self.notes["lines_unread_so_no_item_was_taken_out"] += self._unnamed
            return
        with self._store.writing() as connection:
            gone = [
                item_id
                for item_id, digest in catalogue.source_digests(connection).items()
                if digest is not None and _short(item_id) not in self._seen
            ]
            catalogue.mark_removed(connection, gone)
        self.notes["items_that_left_the_catalogue"] += len(gone)

    def _find_repeats(self, mapped: Mapped, findings: dict[int, Finding], rows: int) -> None:
        """Adds the good rows whose id came before: the first good row of an id stays."""
        good = np.flatnonzero(np.asarray(kept_rows(rows, findings)))
        repeats = good[self._is_repeat(mapped.columns["id"].take(pa.array(good)))]
        findings.update({place: Finding("id", "duplicate_id") for place in repeats.tolist()})

    def _remember(self, ids: pa.Array) -> None:
        """Notes every id that could be read, of bad rows too: an item with a spoilt new row keeps its old one."""
        self._unnamed += ids.null_count
        self._seen.update(_short(item_id) for item_id in ids.drop_null().to_pylist())

    def _store_rows(self, connection: Connection, columns: list[pa.Array]) -> int:
        ids = columns[0].to_pylist()
        known = catalogue.digests_of(connection, ids)
        stamps = [value.cast(pa.int64()) if pa.types.is_timestamp(value.type) else value for value in columns]
        fresh: list[tuple[Any, ...]] = []
        for row in zip(*(plain_list(column) for column in stamps), strict=True):
            digest = row_digest(row)
            if known.get(row[0]) != digest:
                fresh.append((*row, digest, 0, 0))
        catalogue.write_rows(connection, fresh)
        self.notes["items_changed"] += sum(1 for row in fresh if row[0] in known)
        return len(fresh)


def _short(item_id: str) -> bytes:
    return blake2b(item_id.encode(), digest_size=8).digest()
