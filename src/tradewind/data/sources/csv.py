"""CSV and TSV files in UTF-8: every column is text, and a row's line is the one on which it ends."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from tradewind.data.files import locate
from tradewind.data.sources import BATCH_ROWS, BadLine, SourceBatch
from tradewind.errors import DataError
from tradewind.settings import SourceSettings

_DELIMITERS: Final = ",;\t|"
_LONGEST_FIELD: Final = 1 << 24


class CsvSource:
    """One CSV file with a header, or a folder of them; comma, semicolon, tab or bar is seen from the header."""

    def __init__(self, settings: SourceSettings, root: Path) -> None:
        self._files = locate(settings.path, root)

    def rows(self) -> int | None:
        return sum(max(0, _lines(file) - 1) for file in self._files)

    def batches(self) -> Iterator[SourceBatch]:
        for file in self._files:
            yield from _batches(file)


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(block.count(b"\n") for block in iter(lambda: opened.read(1 << 20), b""))


def _batches(file: Path) -> Iterator[SourceBatch]:
    csv.field_size_limit(_LONGEST_FIELD)
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
        reader = csv.reader(opened, delimiter=_delimiter(file), strict=False)
        names = _header(reader, file)
        wrote = False
        while piece := list(islice(_numbered(reader), BATCH_ROWS)):
            yield _batch(piece, names, file.name)
            wrote = True
        if not wrote:
            yield _batch([], names, file.name)


def _delimiter(file: Path) -> str:
    with file.open("rb") as opened:
        first = opened.readline(1 << 20).decode("utf-8", "replace")
    return max(_DELIMITERS, key=first.count)


def _header(reader: Any, file: Path) -> list[str]:
    names = [name.strip() for name in next(reader, [])]
    if not names:
        raise DataError("the file is empty: there is no header line", where=str(file))
    if any("\udc80" <= letter <= "\udcff" for name in names for letter in name):
        raise DataError("the header line is not UTF-8", where=f"{file}:1", hint="save the file as UTF-8")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"the column {twice[0]!r} is there twice", where=f"{file}:1")
    return names


def _numbered(reader: Any) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yields each row, or what is wrong with it, with the line on which it ends; blank lines are no rows."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, error
            continue
        if row:
            yield reader.line_num, row


def _batch(piece: list[tuple[int, list[str] | csv.Error]], names: list[str], file: str) -> SourceBatch:
    rows = [(line, row) for line, row in piece if not isinstance(row, csv.Error) and len(row) == len(names)]
    columns = zip(*(row for _, row in rows), strict=True) if rows else ((),) * len(names)
    return SourceBatch(
        columns=pa.RecordBatch.from_arrays([_array(column) for column in columns], names=names),
        file=file,
        lines=np.array([line for line, _ in rows], dtype=np.int64),
        unreadable=tuple(
            _bad(line, row, len(names)) for line, row in piece if isinstance(row, csv.Error) or len(row) != len(names)
        ),
    )


def _array(values: Any) -> pa.Array:
    """Returns text, or bytes when some value has bytes that are not UTF-8."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value.encode("utf-8", "surrogateescape") for value in values], pa.binary())


def _bad(line: int, row: list[str] | csv.Error, width: int) -> BadLine:
    if isinstance(row, csv.Error):
        return BadLine(line, "unreadable_line", str(row))
    text = ",".join(row).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return BadLine(line, "wrong_number_of_columns", f"{len(row)} of {width} columns: {text}")
