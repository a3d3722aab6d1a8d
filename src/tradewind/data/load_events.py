"""Takes a table of behaviour from its source into the store: checked, masked, under pseudonyms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from tradewind.data.checks import EVENT_CHECKS, CheckContext, Finding, first_findings
from tradewind.data.checks.missing_column import require_columns
from tradewind.data.event_mapping import EventMapping
from tradewind.data.identity import SeenRows, body_digests, derived_ids
from tradewind.data.masked_columns import mask_column
from tradewind.data.quarantine import Quarantine, kept_rows
from tradewind.data.records import EVENT_SCHEMA
from tradewind.data.sources import SourceBatch
from tradewind.data.store import Store, catalogue, log
from tradewind.data.store.online import plain_list, to_rows
from tradewind.data.user_rows import UserRows
from tradewind.settings import EventSettings


class EventLoader:
    """Loads the batches of one source of events, one transaction each."""

    def __init__(self, settings: EventSettings, store: Store, quarantine: Quarantine) -> None:
        self._mapping = EventMapping(settings)
        self._store = store
        self._quarantine = quarantine
        self._users = UserRows()
        self._items: set[str] = set()
        self._seen = SeenRows()
        self._expect_new = True
        self._now = datetime.now(UTC)
        self.read = self.stored = self.duplicates = 0
        self.notes: Counter[str] = Counter()

    def load(self, batch: SourceBatch) -> None:
        """Checks, maps and stores a batch. Raises DataError for a missing column, StoreError for a full disk."""
        require_columns(self._mapping.columns, batch.columns.schema.names, batch.file)
        rows = batch.columns.num_rows
        mapped = self._mapping.map(dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True)), rows)
        context = CheckContext(
            self._now, items=self._known_items(mapped.columns), faults=mapped.faults, required=self._mapping.fields
        )
        findings = first_findings(EVENT_CHECKS, mapped.columns, context)
        places = np.flatnonzero(np.asarray(kept_rows(rows, findings)))
        good = {name: column.take(pa.array(places)) for name, column in mapped.columns.items()}
        stored, duplicates, refused = self._store_rows(good, len(places))
        findings.update({int(places[place]): finding for place, finding in refused.items()})
        self._quarantine.add_lines(batch.file, batch.unreadable)
        self._quarantine.add_rows(batch, mapped.given, findings)
        self.read += rows + len(batch.unreadable)
        self.stored += stored
        self.duplicates += duplicates

    def finish(self) -> None:
        """Nothing is left to do: every batch is complete in itself."""

    def _known_items(self, columns: dict[str, pa.Array]) -> pa.Array | None:
        """Returns those of the batch's items that are in the catalogue, asking the store once for each."""
        if "item" not in columns:
            return None
        wanted = pc.unique(columns["item"]).drop_null().to_pylist()
        unknown = [item for item in wanted if item not in self._items]
        if unknown:
            with self._store.reading() as connection:
                self._items |= catalogue.known_ids(connection, unknown)
        return pa.array([item for item in wanted if item in self._items], pa.string())

    def _store_rows(self, columns: dict[str, pa.Array], rows: int) -> tuple[int, int, dict[int, Finding]]:
        """Returns how many rows were stored, how many were there already, and why others were refused."""
        if rows == 0:
            return 0, 0, {}
        ids = self._ids(columns)
        if "query" in columns:
            columns["query"], counts = mask_column(columns["query"])
            self.notes.update({f"masked_{kind}": count for kind, count in counts.items()})
        with self._store.writing() as connection:
            return self._add(connection, columns, ids)

    def _ids(self, columns: dict[str, pa.Array]) -> list[str]:
        if "event_id" in columns:
            return plain_list(columns["event_id"])
        return derived_ids(columns, self._seen, self._store.secret)

    def _add(
        self, connection: Connection, columns: dict[str, pa.Array], ids: Sequence[str]
    ) -> tuple[int, int, dict[int, Finding]]:
        rows = len(ids)
        users = self._users.resolve(connection, columns.get("user"), ids)
        filled = {name: columns.get(name, pa.nulls(rows, EVENT_SCHEMA.field(name).type)) for name in EVENT_SCHEMA.names}
        filled["user"], filled["event_id"] = users.names, pa.array(ids, pa.string())
        made = to_rows(filled, body_digests(filled), users.numbers)
        refused = {place: Finding("user", "erased_user") for place in users.erased}
        takes = [place for place in range(rows) if place not in users.erased and place not in users.forgotten]
        if "event_id" in columns:
            takes = self._without_repeats(takes, made, refused)
        added = log.add(connection, [made[place] for place in takes], expect_new=self._expect_new)
        self._expect_new = not added.duplicates
        refused.update({takes[index]: Finding("event_id", "conflict") for index in added.conflicts})
        return added.stored, rows - added.stored - len(refused), refused

    def _without_repeats(self, takes: Sequence[int], made: Sequence[log.Row], refused: dict[int, Finding]) -> list[int]:
        """Returns the first row of each id; a later one with another body is refused."""
        first: dict[str, int] = {}
        for place in takes:
            earlier = first.setdefault(made[place][0], place)
            if made[earlier][1] != made[place][1]:
                refused[place] = Finding("event_id", "conflict")
        return list(first.values())
