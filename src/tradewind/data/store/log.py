"""The event log in the store: adding in bulk, and reading as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Select, func, select

from tradewind.data.records import EVENT_SCHEMA
from tradewind.data.store import people
from tradewind.data.store.schema import EVENT_COLUMNS, erased_events, events
from tradewind.data.store.schema import people as people_table
from tradewind.data.store.statements import fetch, insert_or_skip, run_many

_ID: Final = EVENT_COLUMNS.index("event_id")
_DIGEST: Final = EVENT_COLUMNS.index("digest")
_PERSON_AND_TYPE: Final = itemgetter(EVENT_COLUMNS.index("person"), EVENT_COLUMNS.index("type"))

Row = tuple[Any, ...]
"""One event in the order of EVENT_COLUMNS."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of rows given to the log: places in the sequence given."""

    stored: int
    duplicates: frozenset[int] = frozenset()
    conflicts: frozenset[int] = frozenset()


def add(connection: Connection, rows: Sequence[Row], *, expect_new: bool) -> Added:
    """Adds `rows`, whose ids differ from one another, and moves the version of their persons.

    `expect_new` tries the insert first and looks for repeats only when there turn out to be some.
    """
    if expect_new:
        attempt = connection.begin_nested()
        if run_many(connection, insert_or_skip(connection, events, "event_id"), EVENT_COLUMNS, rows) == len(rows):
            attempt.commit()
            _touch(connection, rows)
            return Added(len(rows))
        attempt.rollback()
    return _add_checked(connection, rows)


def _add_checked(connection: Connection, rows: Sequence[Row]) -> Added:
    known = digests_of(connection, [row[_ID] for row in rows])
    fresh = [row for row in rows if row[_ID] not in known]
    stored = run_many(connection, insert_or_skip(connection, events, "event_id"), EVENT_COLUMNS, fresh)
    if stored < len(fresh):
        known |= _taken_meanwhile(connection, fresh)
    _touch(connection, [row for row in fresh if row[_ID] not in known])
    repeats = {place for place, row in enumerate(rows) if row[_ID] in known}
    conflicts = {place for place in repeats if known[rows[place][_ID]] not in (None, rows[place][_DIGEST])}
    return Added(stored, frozenset(repeats - conflicts), frozenset(conflicts))


def _taken_meanwhile(connection: Connection, fresh: Sequence[Row]) -> dict[str, bytes | None]:
    """Returns the ids that another process stored between the look and the insert, with a body that is not ours.

    With the same body it does not matter who wrote it.
    """
    now = digests_of(connection, [row[_ID] for row in fresh])
    return {row[_ID]: now[row[_ID]] for row in fresh if row[_ID] in now and now[row[_ID]] != row[_DIGEST]}


def digests_of(connection: Connection, event_ids: Sequence[str]) -> dict[str, bytes | None]:
    """Returns the body digests of those events that are in the log; None for an event that was erased."""
    found: dict[str, bytes | None] = {}
    for part in people.chunks(event_ids):
        for event_id, digest in connection.execute(
            select(events.c.event_id, events.c.digest).where(events.c.event_id.in_(part))
        ):
            found[event_id] = bytes(digest)
        erased = select(erased_events.c.event_id).where(erased_events.c.event_id.in_(part))
        found.update(dict.fromkeys(connection.execute(erased).scalars()))
    return found


def _touch(connection: Connection, rows: Sequence[Row]) -> None:
    bought: dict[int, int] = {}
    for (person, kind), count in Counter(map(_PERSON_AND_TYPE, rows)).items():
        if person is not None:
            bought[person] = bought.get(person, 0) + (count if kind == "purchase" else 0)
    people.touch(connection, bought)


def is_empty(connection: Connection) -> bool:
    """Returns whether the log has no event, and never had one that was erased."""
    first = connection.execute(select(events.c.seq).limit(1)).first()
    return first is None and connection.execute(select(erased_events.c.event_id).limit(1)).first() is None


@dataclass(frozen=True, slots=True)
class Extent:
    """How many events the log has and the times between which they lie, in microseconds."""

    count: int
    first: int
    last: int


def extent(connection: Connection) -> Extent:
    """Returns the size of the log."""
    row = connection.execute(select(func.count(), func.min(events.c.time), func.max(events.c.time))).one()
    return Extent(row[0], row[1] or 0, row[2] or 0)


def query(start: int | None = None, end: int | None = None) -> Select[Any]:
    """Returns the query for events with start <= time < end, in microseconds, without those of erased people."""
    columns = [events.c[name] for name in EVENT_COLUMNS]
    living = select(*columns).where(
        events.c.person.is_(None) | events.c.person.not_in(select(people_table.c.person).where(people_table.c.erased))
    )
    if start is not None:
        living = living.where(events.c.time >= start)
    return living if end is None else living.where(events.c.time < end)


def tables(connection: Connection, wanted: Select[Any]) -> Iterator[tuple[pa.RecordBatch, pa.Array]]:
    """Yields the events of a query from `query` as batches of EVENT_SCHEMA, each with its rows' digests."""
    names = _names(connection)
    for rows in fetch(connection, wanted):
        columns = dict(zip(EVENT_COLUMNS, zip(*rows, strict=True), strict=True))
        digests = pa.array(columns["digest"], pa.binary(16))
        yield (
            pa.RecordBatch.from_arrays(
                [_column(name, columns, names) for name in EVENT_SCHEMA.names], schema=EVENT_SCHEMA
            ),
            digests,
        )


def _column(name: str, columns: dict[str, tuple[Any, ...]], names: pa.Array) -> pa.Array:
    kind = EVENT_SCHEMA.field(name).type
    if name == "user":
        return names.take(pa.array(columns["person"], pa.int64()))
    if name == "time":
        return pa.array(np.fromiter(columns["time"], np.int64, len(columns["time"]))).cast(kind)
    return pa.array(columns[name], kind)


def _names(connection: Connection) -> pa.Array:
    """Returns the pseudonyms as an array that a person's number is the index of."""
    rows = connection.execute(select(people_table.c.person, people_table.c.pseudonym)).all()
    names: list[str | None] = [None] * (1 + max((number for number, _ in rows), default=0))
    for number, name in rows:
        names[number] = name
    return pa.array(names, pa.string())
