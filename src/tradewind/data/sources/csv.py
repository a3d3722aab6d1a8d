"""CSV and TSV files in UTF-8: every column is text, and a row's line is the one on which it ends."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
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
_MOST_LINES_A_ROW: Final = 1_000
"""A quoted text of more lines is a quote that somebody forgot to close."""


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
        lines = _Lines(opened)
        reader = csv.reader(lines, delimiter=_delimiter(file), strict=True)
        names = _header(reader, file)
        wrote = False
        while piece := list(islice(_numbered(reader, lines), BATCH_ROWS)):
            yield _batch(piece, names, file.name)
            wrote = True
        if not wrote:
            yield _batch([], names, file.name)


class _Lines:
    """The lines of a file, which can go back to the second line of a row that turned out to be none."""

    def __init__(self, file: Iterable[str]) -> None:
        self._coming = iter(file)
        self._again: deque[str] = deque()
        self._row: list[str] = []
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self._row) >= _MOST_LINES_A_ROW:
            raise csv.Error("a quote is not closed")
        line = self._again.popleft() if self._again else next(self._coming)
        self._row.append(line)
        self.number += 1
        return line

    def new_row(self) -> None:
        """Says that what was read so far is done with."""
        self._row.clear()

    def give_up_row(self) -> tuple[int, str]:
        """Returns the number and text of the row's first line; the lines after it will be read again."""
        first, *rest = self._row or [""]
        self.number -= len(rest)
        self._again.extendleft(reversed(rest))
        self._row.clear()
        return self.number, first


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


def _numbered(reader: Any, lines: _Lines) -> Iterator[tuple[int, list[str] | BadLine]]:
    """Yields each row, or what is wrong with it, with the line on which it ends; blank lines are no rows."""
    while True:
        lines.new_row()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number, text = lines.give_up_row()
            reason = "too_long" if "field larger" in str(error) else "unclosed_quote"
            yield number, BadLine(number, reason, _shown(text.rstrip("\r\n")))
            continue
        if row:
            yield lines.number, row


def _batch(piece: list[tuple[int, list[str] | BadLine]], names: list[str], file: str) -> SourceBatch:
    rows = [(line, row) for line, row in piece if not isinstance(row, BadLine) and len(row) == len(names)]
    columns = zip(*(row for _, row in rows), strict=True) if rows else ((),) * len(names)
    return SourceBatch(
        columns=pa.RecordBatch.from_arrays([_array(column) for column in columns], names=names),
        file=file,
        lines=np.array([line for line, _ in rows], dtype=np.int64),
        unreadable=tuple(bad for line, row in piece if (bad := _bad(line, row, len(names)))),
    )


def _array(values: Any) -> pa.Array:
    """Returns text, or bytes when some value has bytes that are not UTF-8."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([value.encode("utf-8", "surrogateescape") for value in values], pa.binary())


def _bad(line: int, row: list[str] | BadLine, width: int) -> BadLine | None:
    if isinstance(row, BadLine):
        return row
    if len(row) == width:
        return None
    return BadLine(line, "wrong_number_of_columns", f"{len(row)} of {width} columns: {_shown(','.join(row))}")


def _shown(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
