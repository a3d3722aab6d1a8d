"""The store's door: every question and every change that other rooms may ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
from sqlalchemy import Connection, select

from tradewind.data.records import EVENT_SCHEMA, Event, Item, User
from tradewind.data.store import catalogue, erasure, log, online, people, tags
from tradewind.data.store.catalogue import ItemChange
from tradewind.data.store.database import Database
from tradewind.data.store.erasure import Erased
from tradewind.data.store.online import EventOutcome
from tradewind.data.store.schema import people as people_table
from tradewind.errors import NotFoundError
from tradewind.settings import Shop

MOST_DELETED_TAGS: Final = 1000


class Store:
    """A shop's records behind one SQLAlchemy address. Safe to use from several threads and several processes.

    Every method raises StoreError when the database or the disk under it fails; what a method that
    writes returned from is on disk.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)

    @property
    def secret(self) -> bytes:
        """32 random bytes of this store, under which event ids are derived."""
        return self._database.secret

    def close(self) -> None:
        """Gives back the connections."""
        self._database.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yields a connection that sees one consistent state."""
        with self._database.reading() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yields a connection whose changes are on disk when the block ends, or not there at all."""
        with self._database.writing() as connection:
            yield connection

    def append_events(self, given: Sequence[Event]) -> list[EventOutcome]:
        """Adds events in one transaction; when it returns, what is `stored` is on disk.

        The same event again is a `duplicate`; the same id with another body a `conflict`, and the first one stays.
        Free text is masked on the way in. An outcome is returned for each event, in order.
        """
        with self.writing() as connection:
            return online.append(connection, given)

    def events_of(self, user: str, limit: int = 2000) -> list[Event]:
        """Returns the last `limit` events of a pseudonym, newest last; none for an unknown or erased one."""
        with self.reading() as connection:
            return online.events_of(connection, user, limit)

    def profile_version(self, user: str) -> str:
        """Returns a word that changes whenever the person's events or consent change; "0" for an unknown one."""
        with self.reading() as connection:
            query = select(people_table.c.version).where(people_table.c.pseudonym == user)
            return str(connection.execute(query).scalar_one_or_none() or 0)

    def items_table(self) -> pa.Table:
        """Returns the items on sale now in ITEM_SCHEMA, by id."""
        with self.reading() as connection:
            return catalogue.table(connection)

    def events_table(self, since: datetime | None = None) -> pa.Table:
        """Returns the events at or after `since` in EVENT_SCHEMA, by time and id, without those of erased people."""
        start = None if since is None else catalogue.to_micros(since)
        with self.reading() as connection:
            batches = [batch for batch, _ in log.tables(connection, log.query(start))]
        return pa.Table.from_batches(batches, schema=EVENT_SCHEMA).sort_by(
            [("time", "ascending"), ("event_id", "ascending")]
        )

    def change_items(self, upserts: Sequence[tuple[Item, bytes]], removals: Sequence[str]) -> int:
        """Adds, changes and removes items in one transaction; each upsert carries its float32 vector as bytes.

        Returns the new delta number, which is larger than every earlier one.
        """
        with self.writing() as connection:
            return catalogue.change(connection, upserts, removals)

    def item_changes(self, since: int) -> list[ItemChange]:
        """Returns the live changes numbered above `since`, in order."""
        with self.reading() as connection:
            return catalogue.changes(connection, since)

    def latest_change(self) -> int:
        """Returns the number of the last live change, 0 when there was none."""
        with self.reading() as connection:
            return catalogue.latest(connection)

    def pseudonym(self, user_id: str, create: bool) -> str | None:
        """Returns the pseudonym of a shop's user; for one without, a new random one when `create`, else None."""
        with self.reading() as connection:
            found = people.find(connection, [user_id]).get(user_id)
        if found or not create:
            return found
        with self.writing() as connection:
            return people.create(connection, [user_id]).get(user_id)

    def unlink(self, user_id: str) -> bool:
        """Deletes the only row that ties a user to a pseudonym, for good. Returns whether there was one."""
        with self.writing() as connection:
            return people.unlink(connection, user_id)

    def consent(self, pseudonym: str) -> User:
        """Returns the person's consent; an unknown pseudonym has the consent of nobody: no personalisation."""
        with self.reading() as connection:
            return people.user(connection, pseudonym) or User(pseudonym, personalise=False)

    def set_consent(self, pseudonym: str, personalise: bool) -> User:
        """Switches personalisation and returns the new consent. Raises NotFoundError for an unknown pseudonym.

        A switch that really moves also forgets which tags were taken back: whoever consents anew begins anew.
        """
        with self.writing() as connection:
            known = people.user(connection, pseudonym)
            if known is not None and known.personalise != personalise:
                tags.forget(connection, pseudonym)
            version = people_table.c.consent_version + 1
            if not people.change(connection, pseudonym, personalise=personalise, consent_version=version):
                raise NotFoundError("there is no such user")
            return people.user(connection, pseudonym) or User(pseudonym, personalise)

    def deleted_tags(self, user: str) -> frozenset[str]:
        """Returns the ids of the tags that a pseudonym took back."""
        with self.reading() as connection:
            return tags.deleted(connection, user)

    def delete_tag(self, user: str, tag: str) -> bool:
        """Takes a tag out of a person's profile for good. Returns False when the person took back too many already."""
        with self.writing() as connection:
            return tags.take_back(connection, user, tag, MOST_DELETED_TAGS)

    def restore_tag(self, user: str, tag: str) -> None:
        """Lets a tag that was taken back be concluded again."""
        with self.writing() as connection:
            tags.give_back(connection, user, tag)

    def tombstones(self) -> set[str]:
        """Returns the pseudonyms of erased people."""
        with self.reading() as connection:
            query = select(people_table.c.pseudonym).where(people_table.c.erased)
            return set(connection.execute(query).scalars())

    def add_tombstone(self, pseudonym: str) -> None:
        """Erases a person: the events are deleted and every reader, of old snapshots too, leaves the person out.

        The ids of the deleted events stay, so that loading the same file again does not bring them back.
        """
        with self.writing() as connection:
            erasure.erase(connection, pseudonym)

    def erase_user(self, user_id: str) -> Erased | None:
        """Erases a shop's user for good: events, consent and the only row that ties the user to a pseudonym.

        All of it in one transaction, and then overwritten on the disk as well. None for a user that nobody knows.
        """
        with self.writing() as connection:
            erased = erasure.erase_user(connection, user_id)
        self._database.overwrite_deleted()
        return erased

    def export_user(self, pseudonym: str) -> dict[str, Any]:
        """Returns everything held about one person, ready for JSON: ids, consent, tags taken back, events."""
        with self.reading() as connection:
            held = online.events_of(connection, pseudonym, limit=None)
            return people.export(connection, pseudonym, held, tags.deleted(connection, pseudonym))

    def sample_users(self, limit: int) -> list[str]:
        """Returns the pseudonyms with most purchases, most first."""
        with self.reading() as connection:
            query = select(people_table.c.pseudonym).where(~people_table.c.erased, people_table.c.purchases > 0)
            query = query.order_by(people_table.c.purchases.desc(), people_table.c.person).limit(limit)
            return list(connection.execute(query).scalars())


def open_store(shop: Shop) -> Store:
    """Returns the shop's store, made on first use. Raises StoreError or ConfigError."""
    return Store(shop.store_url)
