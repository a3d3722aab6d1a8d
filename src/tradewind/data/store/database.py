"""Connections to SQLite and PostgreSQL, and what their errors mean."""

from __future__ import annotations

import importlib.util
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, insert, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tradewind.data.store import schema
from tradewind.errors import ConfigError, MissingExtraError, StoreError

BUSY_SECONDS: Final = 60
_PRAGMAS: Final = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "cache_size=-65536",
    "temp_store=MEMORY",
    "mmap_size=1073741824",
    "journal_size_limit=67108864",
    "secure_delete=ON",
)


class Database:
    """One address, its connection pool, and transactions for reading and for writing."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._writer = self.engine.execution_options(writing=True)
        self.where = self.engine.url.render_as_string(hide_password=True)
        self.secret = self._prepare()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yields a connection that sees one consistent state. Raises StoreError."""
        with self._told(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yields a connection whose changes are on disk when the block ends, or not there at all. Raises StoreError."""
        with self._told(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    def overwrite_deleted(self) -> None:
        """Takes out of SQLite's log what deleted rows held; their pages were overwritten when they were deleted.

        Readers that are busy keep the log a little longer; PostgreSQL does the like in its own time (VACUUM).
        """
        if not self.is_sqlite:
            return
        with self._told(), closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise _explained(error, self.where) from error

    def _prepare(self) -> bytes:
        """Makes the tables on first use, once for all processes that start together; returns the store's secret."""
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(7261)"))
            schema.metadata.create_all(connection)
            known = dict(connection.execute(select(schema.facts.c.name, schema.facts.c.value)).all())
            if not known:
                known = {"schema": schema.SCHEMA_VERSION, "secret": secrets.token_hex(32)}
                connection.execute(insert(schema.facts), [{"name": name, "value": known[name]} for name in known])
        if known.get("schema") != schema.SCHEMA_VERSION:
            raise StoreError(
                f"this store has tables of version {known.get('schema')}, not {schema.SCHEMA_VERSION}",
                where=self.where,
                hint="put it aside and ingest again",
            )
        return bytes.fromhex(known["secret"])


def _engine(url: str) -> Engine:
    try:
        address = make_url(url)
    except ArgumentError:
        raise ConfigError(
            "the store's address is not a SQLAlchemy address", hint="for example sqlite:///shop.db"
        ) from None
    if address.get_backend_name() == "postgresql":
        if importlib.util.find_spec("psycopg") is None:
            raise MissingExtraError("The PostgreSQL driver", "postgres")
        return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    if address.get_backend_name() != "sqlite":
        raise ConfigError(f"a store cannot be kept in {address.get_backend_name()}", hint="use sqlite or postgresql")
    if address.database:
        _make_folder(Path(address.database).parent)
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}, pool_size=16)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the store's folder cannot be made: {error.strerror}", where=str(folder)) from None


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Takes the write lock at once: a transaction that first reads and then writes would fail instead of waiting."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _explained(error: SQLAlchemyError, where: str) -> StoreError:
    cause = str(getattr(error, "orig", None) or error).splitlines()[0]
    if "full" in cause or "No space left" in cause or "disk I/O" in cause:
        return StoreError(
            f"the disk did not take the record: {cause}", where=where, hint="free some space and run it again"
        )
    if "locked" in cause:
        return StoreError(
            "another process kept the store busy",
            where=where,
            hint=f"waited {BUSY_SECONDS} s; try again when it is done",
        )
    return StoreError(cause, where=where)
