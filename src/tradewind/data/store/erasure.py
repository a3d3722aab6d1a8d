"""Erasing a person: what is deleted, what stays so that the deletion lasts, and nothing that leads back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from tradewind.data.store import people, tags
from tradewind.data.store.schema import erased_events, events


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted of one person."""

    pseudonym: str
    events: int


def erase(connection: Connection, pseudonym: str) -> Erased:
    """Deletes a person's events and tags taken back; a tombstone stays: the pseudonym, marked, and the events' ids.

    The ids stay so that loading the same file again does not bring the events back.
    """
    people.ensure(connection, pseudonym)
    people.change(connection, pseudonym, erased=True, personalise=False, purchases=0)
    tags.forget(connection, pseudonym)
    theirs = events.c.person == people.by_pseudonym(connection, [pseudonym])[pseudonym].number
    count = connection.execute(select(func.count()).where(theirs)).scalar_one()
    connection.execute(insert(erased_events).from_select(["event_id"], select(events.c.event_id).where(theirs)))
    connection.execute(delete(events).where(theirs))
    return Erased(pseudonym, int(count))


def erase_user(connection: Connection, user_id: str) -> Erased | None:
    """Erases a shop's user and deletes the row that tied the user to the pseudonym; None for one that nobody knows."""
    pseudonym = people.find(connection, [user_id]).get(user_id)
    if pseudonym is None:
        return None
    erased = erase(connection, pseudonym)
    people.unlink(connection, user_id)
    return erased
