"""The rows of a query on any database that SQLAlchemy knows; a row's line is its number, from 1."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from tradewind.data.sources import SourceBatch
from tradewind.errors import ConfigError, DataError
from tradewind.settings import SourceSettings

_BATCH_ROWS: Final = 32_768


class SqlSource:
    """One SELECT. `${NAME}` in the address is read from the environment, so that no password stands in shop.yaml."""

    def __init__(self, settings: SourceSettings, root: Path) -> None:
        if not settings.url or not settings.query:
            raise ConfigError("a source of kind sql needs a url and a query")
        self._query = settings.query
        try:
            address = make_url(_filled_in(settings.url))
            if address.get_backend_name() == "sqlite" and address.database and address.database != ":memory:":
                address = address.set(database=str(root / address.database))
            if address.drivername == "postgresql":
                address = address.set(drivername="postgresql+psycopg")
            self._engine = create_engine(address)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise ConfigError(f"the address cannot be used: {error}", where="source.url") from None
        self._name = address.render_as_string(hide_password=True)

    def rows(self) -> int | None:
        return None

    def batches(self) -> Iterator[SourceBatch]:
        try:
            with self._engine.connect().execution_options(stream_results=True) as connection:
                yield from self._pieces(connection.execute(text(self._query)))
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise DataError(f"the query failed: {cause}", where=self._name) from None
        finally:
            self._engine.dispose()

    def _pieces(self, result: Any) -> Iterator[SourceBatch]:
        names = list(result.keys())
        line = 1
        for rows in result.partitions(_BATCH_ROWS):
            arrays = [_array(column) for column in zip(*rows, strict=True)]
            yield SourceBatch(
                pa.RecordBatch.from_arrays(arrays, names=names), self._name, np.arange(line, line + len(rows))
            )
            line += len(rows)
        if line == 1:
            empty = [pa.array([], pa.string()) for _ in names]
            yield SourceBatch(pa.RecordBatch.from_arrays(empty, names=names), self._name, np.arange(0))


def _filled_in(url: str) -> str:
    def value(match: re.Match[str]) -> str:
        found = os.environ.get(match.group(1))
        if found is None:
            raise ConfigError(f"the environment has no {match.group(1)}", where="source.url")
        return found

    return re.sub(r"\$\{(\w+)\}", value, url)


def _array(values: Sequence[Any]) -> pa.Array:
    """Returns the column in its own type; text where the values have several types, as SQLite allows."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) == 1 and kinds.isdisjoint({Decimal, list, dict}):
        try:
            return pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            pass
    return pa.array([None if value is None else str(value) for value in values], pa.string())
