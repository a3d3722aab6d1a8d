"""Takes the rows of a table of examples one by one: each becomes an example, a repeat, or a line of the quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa

from tradewind.data.checks import Finding
from tradewind.data.checks.missing_column import require_columns
from tradewind.data.expressions import Columns, Expression, columns_of
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


class ExampleRows(Generic[Found]):
    """What was read so far: `found` are the examples, `read` the rows that there were, `repeats` those said before."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.read = self.repeats = 0

    def add(self, row: Row) -> Finding | None:
        """Keeps the row as an example, counts it as a repeat, or returns what is wrong with it."""
        raise NotImplementedError

    def leave_out(self, bad: Quarantine) -> None:
        """Looks at all examples when the last row was read."""

    def take(self, batch: SourceBatch, fields: Mapping[str, Expression], bad: Quarantine) -> None:
        """Adds the rows of a batch that are examples and lists the others."""
        require_columns(columns_of(fields.values()), batch.columns.schema.names, batch.file)
        raw: Columns = dict(zip(batch.columns.schema.names, batch.columns.columns, strict=True))
        rows = batch.columns.num_rows
        given = {name: expression.evaluate(raw, rows) for name, expression in fields.items()}
        # The columns themselves are looked at: a template leaves out a part that it cannot read.
        findings = {
            int(place): Finding(name, "broken_utf8")
            for name, expression in fields.items()
            for column in expression.columns
            for place in np.flatnonzero(to_texts(raw[column]).broken)
        }
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
