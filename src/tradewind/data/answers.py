"""Labels that people give: the file that keeps each answer as it comes, and the sheet that colleagues fill in."""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tradewind.data.checks.missing_column import require_columns
from tradewind.data.files import written_whole
from tradewind.data.sources import SourceBatch, open_source
from tradewind.data.spreadsheets import plain_cell, safe_cell
from tradewind.data.values import to_texts
from tradewind.errors import DataError, StoreError
from tradewind.settings import SourceSettings

TEXT, LABEL, KEY = "text", "label", "id"
GUESSES: Final = 3
"""Guesses that a sheet shows beside a text."""
SHOWN_FAULTS: Final = 5
"""Faults of a filled sheet that are named at a time."""
Guesses = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A text and the label that a person gave it, as it was written."""

    text: str
    label: str


class AnswerFile:
    """A CSV of `text,label` to which answers are added one by one; each is on disk when `append` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def texts(self) -> set[str]:
        """Returns the texts that have an answer. Raises DataError when the file is there and is no such table."""
        if not self.path.exists() or not self.path.stat().st_size:
            return set()
        return {row[TEXT] for _, row in _rows(self.path, (TEXT, LABEL))}

    def append(self, answers: Sequence[Answer]) -> None:
        """Adds the answers, all in one write, under a header when the file is new. Raises StoreError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+b") as file:
                file.write(
                    f"{self._before(file)}{_lines([(a.text, a.label) for a in answers])}".encode("utf-8", "replace")
                )
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"answers cannot be kept: {error.strerror or error}", where=str(self.path)) from error

    def _before(self, file: Any) -> str:
        """A header for a new file, the end of a line for one whose last line was cut off."""
        if not file.seek(0, os.SEEK_END):
            return _lines([(TEXT, LABEL)])
        file.seek(-1, os.SEEK_END)
        return "" if file.read(1) == b"\n" else "\n"


def write_sheet(path: Path, questions: Sequence[tuple[str, Guesses]]) -> None:
    """Writes a CSV of `id,text,label,guess_1,…` with an empty label in every row, for people to fill in."""
    heading = (KEY, TEXT, LABEL, *(f"guess_{number}" for number in range(1, GUESSES + 1)))
    rows = [(_key(text), safe_cell(text), "", *_cells(guesses)) for text, guesses in questions]
    with written_whole(path) as file:
        # The mark in front tells spreadsheets that this is UTF-8.
        file.write(_lines([heading, *rows]).encode("utf-8-sig"))


def read_sheet(path: Path, parse: Callable[[str], Any]) -> list[Answer]:
    """Returns the answers of a filled sheet; rows without a label are left out.

    Raises DataError naming line and field of a text that was changed, a label that is none, or two labels for one text.
    """
    faults: list[str] = []
    found: dict[str, str] = {}
    for line, row in _rows(path, (KEY, TEXT, LABEL), faults):
        fault = _fault(row, found, parse)
        if fault:
            faults.append(f"line {line}, {fault}")
        elif row[LABEL].strip():
            found[plain_cell(row[TEXT])] = row[LABEL].strip()
    if faults:
        more = f" (and {len(faults) - SHOWN_FAULTS} more)" if len(faults) > SHOWN_FAULTS else ""
        hint = "nothing was taken; mend these lines and give the file again"
        raise DataError("; ".join(faults[:SHOWN_FAULTS]) + more, where=str(path), hint=hint)
    return [Answer(text, label) for text, label in found.items()]


def _fault(row: dict[str, str], found: dict[str, str], parse: Callable[[str], Any]) -> str | None:
    text, label = plain_cell(row[TEXT]), row[LABEL].strip()
    if row[KEY].strip() != _key(text):
        return f"{TEXT}: it is not the text that was asked about"
    if not label:
        return None
    try:
        parse(label)
    except ValueError as error:
        return f"{LABEL}: {label!r} is none ({error})"
    before = found.get(text, label)
    return None if before == label else f"{LABEL}: {label!r}, but {before!r} before"


def _rows(path: Path, columns: Sequence[str], faults: list[str] | None = None) -> Iterator[tuple[int, dict[str, str]]]:
    source = open_source(SourceSettings(kind="csv", path=str(path.absolute())), path.parent)
    for batch in source.batches():
        require_columns(columns, batch.columns.schema.names, batch.file)
        if faults is not None:
            faults += [f"line {bad.line}: {bad.reason.replace('_', ' ')}" for bad in batch.unreadable]
        yield from _of_batch(batch, columns)


def _of_batch(batch: SourceBatch, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    values = {name: to_texts(batch.columns.column(name)).values.to_pylist() for name in columns}
    for place, line in enumerate(batch.lines):
        yield int(line), {name: column[place] or "" for name, column in values.items()}


def _cells(guesses: Guesses) -> list[str]:
    said = [safe_cell(f"{label} ({probability:.2f})") for label, probability in guesses[:GUESSES]]
    return said + [""] * (GUESSES - len(said))


def _key(text: str) -> str:
    """A name for a text that no spreadsheet takes for a number."""
    return f"t-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _lines(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue()
