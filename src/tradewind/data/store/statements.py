"""Statements that SQLite and PostgreSQL say alike, and rows moved in bulk as plain tuples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

from sqlalchemy import Connection, Select, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

FETCH_ROWS = 50_000


def insert_or_skip(connection: Connection, table: Table, key: str) -> Insert:
    """Returns an INSERT that leaves a row alone when its key is taken."""
    statement: Insert = _dialect_insert(connection, table).on_conflict_do_nothing(index_elements=[key])
    return statement


def insert_or_replace(connection: Connection, table: Table, key: str, columns: Sequence[str]) -> Insert:
    """Returns an INSERT that overwrites `columns` when the key is taken."""
    statement = _dialect_insert(connection, table)
    replaced = {name: statement.excluded[name] for name in columns if name != key}
    replacing: Insert = statement.on_conflict_do_update(index_elements=[key], set_=replaced)
    return replacing


def run_many(connection: Connection, statement: Insert, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> int:
    """Runs `statement` for each row, given in the order of `columns`. Returns how many rows it changed.

    The statement is compiled once and the rows go to the driver as they are, which is several times
    faster than a dictionary per row.
    """
    if not rows:
        return 0
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    order = [list(columns).index(name) for name in _placeholders(compiled, columns)]
    plain = rows if order == list(range(len(columns))) else [tuple(row[place] for place in order) for row in rows]
    if compiled.positional:
        return connection.exec_driver_sql(str(compiled), list(plain)).rowcount
    named = [dict(zip(columns, row, strict=True)) for row in rows]
    return connection.exec_driver_sql(str(compiled), named).rowcount


def fetch(connection: Connection, query: Select[Any], size: int = FETCH_ROWS) -> Iterator[list[tuple[Any, ...]]]:
    """Yields the rows of `query` as tuples, many at a time and never all at once."""
    if connection.dialect.name == "sqlite":
        cursor: Any = connection.execute(query).cursor
        while rows := cursor.fetchmany(size):
            yield rows
        return
    result = connection.execute(query, execution_options={"stream_results": True, "max_row_buffer": size})
    yield from cast(Iterator[list[tuple[Any, ...]]], result.partitions(size))


def _placeholders(compiled: Any, columns: Sequence[str]) -> Sequence[str]:
    return list(compiled.positiontup or columns)


def _dialect_insert(connection: Connection, table: Table) -> Any:
    module: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    return module.insert(table)
