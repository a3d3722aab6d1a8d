"""The tags that people took back, kept beside them and counted in the version of their profile."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from tradewind.data.store import people
from tradewind.data.store.schema import deleted_tags


def deleted(connection: Connection, pseudonym: str) -> frozenset[str]:
    """Returns the ids of the tags that a person took back."""
    found = select(deleted_tags.c.tag).where(deleted_tags.c.pseudonym == pseudonym)
    return frozenset(connection.execute(found).scalars())


def take_back(connection: Connection, pseudonym: str, tag: str, most: int) -> bool:
    """Remembers that a person took a tag back; twice is once. Returns False, with nothing done, at `most` tags."""
    held = deleted(connection, pseudonym)
    if tag not in held:
        if len(held) >= most:
            return False
        connection.execute(insert(deleted_tags).values(pseudonym=pseudonym, tag=tag))
        people.change(connection, pseudonym)
    return True


def give_back(connection: Connection, pseudonym: str, tag: str) -> None:
    """Forgets that a person took a tag back."""
    theirs = (deleted_tags.c.pseudonym == pseudonym) & (deleted_tags.c.tag == tag)
    if connection.execute(delete(deleted_tags).where(theirs)).rowcount:
        people.change(connection, pseudonym)


def forget(connection: Connection, pseudonym: str) -> None:
    """Deletes everything that a person took back, as an erasure and a moved switch do."""
    connection.execute(delete(deleted_tags).where(deleted_tags.c.pseudonym == pseudonym))
