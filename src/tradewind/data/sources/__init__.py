"""Where rows come from. A source is a class registered under `tradewind.sources` by its kind, one per file here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pyarrow as pa

from tradewind import plugins
from tradewind.errors import ConfigError
from tradewind.settings import SourceSettings

BATCH_ROWS: Final = 131_072
_KINDS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be read as a row at all. `value` is its text, as far as it could be read."""

    line: int
    reason: str
    value: str


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """Rows as they stand in the source: raw columns, and for each row the line (from 1) on which it ends.

    Text columns may be binary when they hold bytes that are not UTF-8. `unreadable` are lines that are no row.
    """

    columns: pa.RecordBatch
    file: str
    lines: np.ndarray
    unreadable: tuple[BadLine, ...] = ()


class Source(Protocol):
    """A table of rows, read front to back, the same way each time."""

    def __init__(self, settings: SourceSettings, root: Path) -> None: ...

    def rows(self) -> int | None:
        """Returns about how many rows there are, None when that is not known beforehand."""

    def batches(self) -> Iterator[SourceBatch]:
        """Yields the rows in order. Raises DataError when there is nothing to read at all."""


def open_source(settings: SourceSettings, root: Path) -> Source:
    """Returns the source that shop.yaml asks for, paths relative to `root`. Raises ConfigError for an unknown kind."""
    source: Source = plugins.load("sources", settings.kind or _kind_of(settings))(settings, root)
    return source


def _kind_of(settings: SourceSettings) -> str:
    if settings.path is None:
        if settings.url:
            return "sql"
        raise ConfigError("a source needs a path, or a url and a query")
    kind = _KINDS.get(Path(settings.path).suffix.lower())
    if kind is None:
        raise ConfigError(f"the ending of {settings.path!r} does not say what it is", hint="set source.kind")
    return kind
