"""Pseudonyms and consent in the store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, select, update

from tradewind.data.records import Event, User
from tradewind.data.store.schema import people, pseudonyms
from tradewind.data.store.statements import insert_or_skip
from tradewind.privacy.pseudonyms import new_pseudonym

T = TypeVar("T")
CHUNK = 10_000
"""Values in one IN list, well under SQLite's limit of 32,766."""


@dataclass(frozen=True, slots=True)
class Person:
    """A row of `people` as the log refers to it."""

    number: int
    pseudonym: str
    erased: bool = False


def chunks(values: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Yields `values` in pieces that fit one statement."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def find(connection: Connection, user_ids: Sequence[str]) -> dict[str, str]:
    """Returns the pseudonyms of those shop users that have one."""
    found: dict[str, str] = {}
    for part in chunks(user_ids):
        query = select(pseudonyms.c.user_id, pseudonyms.c.pseudonym).where(pseudonyms.c.user_id.in_(part))
        found.update(connection.execute(query).all())
    return found


def create(connection: Connection, user_ids: Sequence[str]) -> dict[str, str]:
    """Gives each of these users, none of whom has one, a new pseudonym. Returns what the table then says."""
    rows = [{"user_id": user_id, "pseudonym": new_pseudonym()} for user_id in user_ids]
    if rows:
        connection.execute(insert_or_skip(connection, pseudonyms, "user_id"), rows)
    found = find(connection, user_ids)
    if found:
        names = [{"pseudonym": name} for name in found.values()]
        connection.execute(insert_or_skip(connection, people, "pseudonym"), names)
    return found


def by_pseudonym(connection: Connection, names: Sequence[str]) -> dict[str, Person]:
    """Returns the rows of `people` for these pseudonyms."""
    found: dict[str, Person] = {}
    columns = (people.c.person, people.c.pseudonym, people.c.erased)
    for part in chunks(names):
        rows = connection.execute(select(*columns).where(people.c.pseudonym.in_(part)))
        found.update({row[1]: Person(row[0], row[1], bool(row[2])) for row in rows})
    return found


def touch(connection: Connection, purchases: dict[int, int]) -> None:
    """Moves the version of these persons and adds to their purchases."""
    if not purchases:
        return
    changed = update(people).where(people.c.person == bindparam("number"))
    changed = changed.values(version=people.c.version + 1, purchases=people.c.purchases + bindparam("bought"))
    connection.execute(changed, [{"number": number, "bought": bought} for number, bought in purchases.items()])


def user(connection: Connection, pseudonym: str) -> User | None:
    """Returns the person's consent, None for an unknown pseudonym."""
    row = connection.execute(
        select(people.c.personalise, people.c.consent_version).where(people.c.pseudonym == pseudonym)
    ).first()
    return None if row is None else User(pseudonym, bool(row[0]), row[1])


def willing(connection: Connection, names: Sequence[str]) -> set[str]:
    """Returns which of these pseudonyms may be concluded from: personalisation on, and not erased."""
    found: set[str] = set()
    for part in chunks(names):
        of_whom = people.c.pseudonym.in_(part) & people.c.personalise & ~people.c.erased
        found.update(connection.execute(select(people.c.pseudonym).where(of_whom)).scalars())
    return found


def change(connection: Connection, pseudonym: str, **values: Any) -> bool:
    """Sets columns of one person and moves the version. Returns whether there is such a person."""
    changed = update(people).where(people.c.pseudonym == pseudonym).values(version=people.c.version + 1, **values)
    return bool(connection.execute(changed).rowcount)


def ensure(connection: Connection, pseudonym: str) -> None:
    """Makes a row for a pseudonym that the store has not met."""
    connection.execute(insert_or_skip(connection, people, "pseudonym"), [{"pseudonym": pseudonym}])


def unlink(connection: Connection, user_id: str) -> bool:
    """Deletes the row that names a person. Returns whether there was one."""
    return bool(connection.execute(delete(pseudonyms).where(pseudonyms.c.user_id == user_id)).rowcount)


def export(
    connection: Connection, pseudonym: str, held: Sequence[Event], taken_back: Collection[str]
) -> dict[str, Any]:
    """Returns everything held about one person, ready for JSON."""
    known = user(connection, pseudonym)
    ids = connection.execute(select(pseudonyms.c.user_id).where(pseudonyms.c.pseudonym == pseudonym)).scalars()
    return {
        "pseudonym": pseudonym,
        "user_ids": sorted(ids),
        "consent": None if known is None else {"personalise": known.personalise, "version": known.consent_version},
        "deleted_tags": sorted(taken_back),
        "events": [_plain(event) for event in held],
    }


def _plain(event: Event) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(event).items() if value is not None}
    return facts | {"type": event.type.value, "time": event.time.isoformat()}
