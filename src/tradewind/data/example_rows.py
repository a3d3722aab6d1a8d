"""Takes the rows of a table of examples one by one: each becomes an example, a repeat, or a line of the quarantine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import pyarrow as pa

from tradewind.data.batch_fields import evaluated
from tradewind.data.checks import Finding
from tradewind.data.expressions import Expression
from tradewind.data.quarantine import Quarantine
from tradewind.data.sources import SourceBatch
from tradewind.data.values import to_texts

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Row:
    """The parts of a row without the white space around them, where it stands, "file:line", and how it was given."""

    values: Mapping[str, str | None]
    stands: str
    given: Mapping[str, Any]
    place: int

    def __getitem__(self, part: str) -> str:
        return self.values.get(part) or ""

    def untrimmed(self, part: str) -> str:
        """Returns the part with the white space around it, which offsets count; "" for what was no text."""
        value = self.given[part][self.place].as_py()
        return value if isinstance(value, str) else ""


class ExampleRows(ABC, Generic[Found]):
    """What was read so far: `found` are the examples, `read` the rows that there were, `repeats` those said before."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.read = self.repeats = 0

    @abstractmethod
    def add(self, row: Row) -> Finding | None:
        """Keeps the row as an example, counts it as a repeat, or returns what is wrong with it."""

    def leave_out(self, bad: Quarantine) -> None:
        """Looks at all examples when the last row was read."""

    def take(self, batch: SourceBatch, fields: Mapping[str, Expression], bad: Quarantine) -> None:
        """Adds the rows of a batch that are examples and lists the others."""
        given, findings = evaluated(batch, fields)
        rows = batch.columns.num_rows
        values = {name: to_texts(column).values.to_pylist() for name, column in given.items()}
        for place in range(rows):
            if place not in findings:
                row = {name: column[place] for name, column in values.items()}
                finding = self.add(Row(row, f"{batch.file}:{batch.lines[place]}", given, place))
                if finding:
                    findings[place] = finding
        self.read += rows + len(batch.unreadable)
        bad.add_lines(batch.file, batch.unreadable)
        bad.add_rows(batch, {name: column for name, column in given.items() if isinstance(column, pa.Array)}, findings)
