"""Events that arrive while serving: checked, masked, and on disk before they are acknowledged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final, Literal

import pyarrow as pa
from sqlalchemy import Connection, bindparam, select

from tradewind.data.checks import EVENT_CHECKS, CheckContext, first_findings
from tradewind.data.identity import body_digests
from tradewind.data.records import EVENT_SCHEMA, Event, EventType
from tradewind.data.store import catalogue, log, people
from tradewind.data.store.schema import EVENT_COLUMNS, events
from tradewind.data.store.schema import people as people_table
from tradewind.privacy.masking import mask

Status = Literal["stored", "duplicate", "conflict", "rejected"]
_TYPES: Final = {kind.value: kind for kind in EventType}
_ALL: Final = 2**31 - 1
_TIME: Final = EVENT_COLUMNS.index("time")
_BY_TIME_AND_ID: Final = itemgetter(_TIME, EVENT_COLUMNS.index("event_id"))
_OF_PERSON: Final = (
    select(*(events.c[name] for name in EVENT_COLUMNS))
    .join(people_table, people_table.c.person == events.c.person)
    .where(people_table.c.pseudonym == bindparam("pseudonym"), ~people_table.c.erased)
    .order_by(events.c.time.desc(), events.c.seq.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of one event.

    `reason` is set when the event was rejected or is in conflict: a word that names the field (`unknown_item`), or
    the field and a word (`value: negative`).
    """

    event_id: str
    status: Status
    reason: str | None = None


def append(connection: Connection, given: Sequence[Event]) -> list[EventOutcome]:
    """Adds events in one transaction. Returns an outcome for each, in the order given."""
    outcomes: dict[int, EventOutcome] = {}
    readable = _readable(given, outcomes)
    reasons = _refusals(connection, [given[place] for place in readable])
    for place, reason in zip(readable, reasons, strict=True):
        if reason:
            outcomes[place] = EventOutcome(given[place].event_id, "rejected", reason)
    good = [place for place in readable if place not in outcomes]
    rows, places = _first_of_each(given, good, _rows(connection, [given[place] for place in good]), outcomes)
    added = log.add(connection, rows, expect_new=False)
    for index, place in enumerate(places):
        status: Status = (
            "conflict" if index in added.conflicts else "duplicate" if index in added.duplicates else "stored"
        )
        outcomes[place] = EventOutcome(given[place].event_id, status, "conflict" if status == "conflict" else None)
    return [outcomes[place] for place in range(len(given))]


def _readable(given: Sequence[Event], outcomes: dict[int, EventOutcome]) -> list[int]:
    """Returns the places of events whose texts can be written at all: no lone surrogates."""
    readable = []
    for place, event in enumerate(given):
        texts = (event.event_id, event.user, event.visitor, event.item, event.query, event.request_id, event.basket)
        try:
            "".join(text for text in texts if text).encode()
        except UnicodeEncodeError:
            outcomes[place] = EventOutcome(
                event.event_id.encode("utf-8", "replace").decode(), "rejected", "broken_utf8"
            )
            continue
        readable.append(place)
    return readable


def _refusals(connection: Connection, given: Sequence[Event]) -> list[str | None]:
    if not given:
        return []
    columns = to_columns(given)
    wanted = [item for item in {event.item for event in given} if item]
    context = CheckContext(now=datetime.now(UTC), items=pa.array(catalogue.known_ids(connection, wanted), pa.string()))
    found = first_findings(EVENT_CHECKS, columns, context)
    persons = people.by_pseudonym(connection, [name for name in {event.user for event in given} if name])
    reasons: list[str | None] = [None] * len(given)
    for place, event in enumerate(given):
        if event.user and (event.user not in persons or persons[event.user].erased):
            reasons[place] = "unknown_user"
    for place, finding in found.items():
        named = finding.field in finding.reason
        reasons[place] = finding.reason if named else f"{finding.field}: {finding.reason}"
    return reasons


def to_columns(given: Sequence[Event]) -> dict[str, pa.Array]:
    """Returns events as arrays of EVENT_SCHEMA's types by field name; an empty text counts as absent."""
    columns: dict[str, pa.Array] = {}
    for field in EVENT_SCHEMA:
        values = [getattr(event, field.name) for event in given]
        if pa.types.is_string(field.type):
            values = [value or None for value in values]
        if field.name == "time":
            columns["time"] = pa.array([catalogue.to_micros(value) for value in values], pa.int64()).cast(field.type)
        else:
            columns[field.name] = pa.array(values, field.type)
    return columns


def _rows(connection: Connection, given: Sequence[Event]) -> list[log.Row]:
    if not given:
        return []
    columns = to_columns(given)
    columns["query"] = pa.array([event.query and mask(event.query).text for event in given], pa.string())
    names = columns["user"].to_pylist()
    persons = people.by_pseudonym(connection, [name for name in set(names) if name])
    return to_rows(columns, body_digests(columns), [persons[name].number if name else None for name in names])


def to_rows(columns: Mapping[str, pa.Array], digests: Sequence[bytes], persons: Sequence[int | None]) -> list[log.Row]:
    """Returns rows in the order of EVENT_COLUMNS for columns of EVENT_SCHEMA's types."""
    made: dict[str, Sequence[Any]] = {
        "digest": digests,
        "person": persons,
        "time": columns["time"].cast(pa.int64()).to_numpy().tolist(),
    }
    parts = [made[name] if name in made else plain_list(columns[name]) for name in EVENT_COLUMNS]
    return list(zip(*parts, strict=True))


def plain_list(column: pa.Array) -> list[Any]:
    """Returns an array's values as Python's own, several times faster than to_pylist."""
    if column.null_count == len(column):
        return [None] * len(column)
    if pa.types.is_string(column.type) or column.null_count == 0:
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    plain: list[Any] = column.to_pylist()
    return plain


def _first_of_each(
    given: Sequence[Event], places: Sequence[int], rows: Sequence[log.Row], outcomes: dict[int, EventOutcome]
) -> tuple[list[log.Row], list[int]]:
    """Returns the rows without repeats inside the batch, and their places; a repeat's outcome is told at once."""
    first: dict[str, int] = {}
    for index, place in enumerate(places):
        earlier = first.setdefault(given[place].event_id, index)
        if earlier != index:
            same = rows[earlier][1] == rows[index][1]
            outcomes[place] = EventOutcome(
                given[place].event_id, "duplicate" if same else "conflict", None if same else "conflict"
            )
    kept = list(first.values())
    return [rows[index] for index in kept], [places[index] for index in kept]


def events_of(connection: Connection, pseudonym: str, limit: int | None) -> list[Event]:
    """Returns the last `limit` events of one person (all when None), newest last."""
    given = {"pseudonym": pseudonym, "most": _ALL if limit is None else limit}
    rows = list(connection.execute(_OF_PERSON, given).cursor.fetchall())
    rows.sort(key=_BY_TIME_AND_ID)
    moments = {micros: catalogue.of_micros(micros) for micros in {row[_TIME] for row in rows}}
    return [_event(row, moments[row[_TIME]], pseudonym) for row in rows]


def _event(row: log.Row, moment: datetime, pseudonym: str) -> Event:
    event_id, _, kind, _, _, visitor, item, query, request_id, basket, value, quantity, position = row
    return Event(
        event_id, _TYPES[kind], moment, pseudonym, visitor, item, query, request_id, basket, value, quantity, position
    )
