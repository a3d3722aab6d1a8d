"""The store's tables, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

SCHEMA_VERSION: Final = "2"
"""Moves when the tables, or what a digest is made of, change."""

metadata: Final = MetaData()

_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; SQLite gives its row ids only to columns called INTEGER."""

facts: Final = Table(
    "facts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
"""The schema's version and the secret under which event ids are derived."""

pseudonyms: Final = Table(
    "pseudonyms",
    metadata,
    Column("user_id", Text, primary_key=True),
    Column("pseudonym", String(32), nullable=False),
)
"""The only link between a shop's user and what is known of that user; a deleted row is a link gone for good."""

people: Final = Table(
    "people",
    metadata,
    Column("person", _NUMBER, primary_key=True, autoincrement=True),
    Column("pseudonym", String(32), nullable=False, unique=True),
    Column("personalise", Boolean, nullable=False, default=True),
    Column("consent_version", Integer, nullable=False, default=0),
    Column("version", BigInteger, nullable=False, default=0),
    Column("purchases", BigInteger, nullable=False, default=0),
    Column("erased", Boolean, nullable=False, default=False),
)
"""A pseudonym, its consent, and a counter that moves with every event or change of consent."""

deleted_tags: Final = Table(
    "deleted_tags",
    metadata,
    Column("pseudonym", String(32), primary_key=True),
    Column("tag", Text, primary_key=True),
)
"""What a person took back of their profile, as `tasks.profile.tags.Deletions` words it; it outlives every rebuild."""

events: Final = Table(
    "events",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=True),
    Column("event_id", Text, nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
    Column("type", String(16), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("person", BigInteger),
    Column("visitor", Text),
    Column("item", Text),
    Column("query", Text),
    Column("request_id", Text),
    Column("basket", Text),
    Column("value", Float(53)),
    Column("quantity", Float(53)),
    Column("position", Integer),
    Index("events_by_id", "event_id", unique=True),
    Index("events_by_person", "person", "time"),
    Index("events_by_time", "time"),
)
"""The log. `time` is in microseconds since 1970 UTC; `digest` stands for the body, to tell a repeat from a conflict."""

erased_events: Final = Table("erased_events", metadata, Column("event_id", Text, primary_key=True))
"""Ids of events that were erased, so that loading the same file again does not bring them back."""

items: Final = Table(
    "items",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("brand", Text),
    Column("price", Float(53)),
    Column("currency", String(16)),
    Column("price_derived", Boolean, nullable=False),
    Column("attributes", Text, nullable=False),
    Column("image", Text),
    Column("language", String(16)),
    Column("availability", String(16), nullable=False),
    Column("updated_at", BigInteger),
    Column("source_digest", LargeBinary(16)),
    Column("live", SmallInteger, nullable=False),
    Column("removed", SmallInteger, nullable=False),
)
"""The catalogue as it is now. `source_digest` stands for the row that gave it, `live` says it was changed since."""

item_changes: Final = Table(
    "item_changes",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("item_id", Text, nullable=False),
    Column("body", Text),
    Column("vector", LargeBinary),
)
"""What was added, changed or removed while serving, in order; `body` is null for a removal."""

jobs: Final = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("repeat", String(64)),
    Column("digest", String(64), nullable=False),
    Column("estimator", Text, nullable=False),
    Column("k", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("read_bytes", BigInteger, nullable=False),
    Column("written_bytes", BigInteger, nullable=False),
    Column("busy", Float(53), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("runner", String(64)),
    Column("lease_until", Float(53)),
    Column("versions", Text, nullable=False),
    Column("problems", Text, nullable=False),
    Column("reason", Text),
    Column("created", Float(53), nullable=False),
    Column("finished", Float(53)),
    Index("jobs_by_repeat", "owner", "repeat", unique=True),
)
"""Predictions asked for as a job: whose (the API key's id), how far, and who works on it until when.

Times are seconds since 1970. Texts and results lie in files; no text is ever in this table.
"""

ITEM_COLUMNS: Final = tuple(column.name for column in items.columns)[:13]
EVENT_COLUMNS: Final = tuple(column.name for column in events.columns)[1:]
