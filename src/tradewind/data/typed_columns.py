"""A batch on its way from given values to a record's fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.checks.finding import Fault
from tradewind.data.expressions import Columns, Expression, TemplateExpression
from tradewind.data.values import to_numbers, to_texts, to_times


@dataclass(frozen=True, slots=True)
class Mapped:
    """A batch mapped to a record's fields, the values as given (for showing), and what could not be turned."""

    columns: dict[str, pa.Array]
    given: dict[str, pa.Array]
    faults: tuple[Fault, ...]
    titles_filled: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Items whose title had to come from their category or brand."""


class TypedColumns:
    """Turns given values into their fields' types and collects what would not be turned."""

    def __init__(self, given: Mapping[str, pa.Array], timezone: str) -> None:
        self._given = given
        self._timezone = timezone
        self.faults: list[Fault] = []

    def text(self, name: str) -> pa.Array:
        found = to_texts(self._given[name])
        self._note(name, "broken_utf8", found.broken)
        return found.values

    def number(self, name: str) -> pa.Array:
        found = to_numbers(self._readable(name))
        self._note(name, "wrong_type", found.wrong)
        return found.values

    def whole(self, name: str) -> pa.Array:
        values = self.number(name)
        plain = values.to_numpy(zero_copy_only=False)
        with np.errstate(invalid="ignore"):
            bad = np.asarray(values.is_valid()) & ~((plain == np.floor(plain)) & (np.abs(plain) < 2**31))
        self._note(name, "wrong_type", bad)
        return pc.if_else(pa.array(bad), None, values).cast(pa.int32())

    def time(self, name: str) -> pa.Array:
        found = to_times(self._readable(name), self._timezone)
        self._note(name, "wrong_type", found.wrong)
        return found.values

    def _readable(self, name: str) -> pa.Array:
        """A source gives bytes for a column in which some value is not UTF-8."""
        column = self._given[name]
        return self.text(name) if pa.types.is_binary(column.type) else column

    def _note(self, name: str, reason: str, rows: np.ndarray) -> None:
        if rows.any():
            self.faults.append(Fault(name, reason, rows))


def unreadable_parts(fields: Mapping[str, Expression], raw: Columns) -> list[Fault]:
    """Returns the rows in which a part of a template is not UTF-8: without it, half a text would look like a whole."""
    return [
        Fault(name, "broken_utf8", to_texts(raw[part]).broken)
        for name, expression in fields.items()
        if isinstance(expression, TemplateExpression)
        for part in expression.columns
        if pa.types.is_binary(raw[part].type)
    ]


def without_controls(column: pa.Array) -> pa.Array:
    """Returns the texts with control characters, NUL among them, as spaces; no store and no reader wants them."""
    if not np.asarray(pc.match_substring_regex(column, r"[\x00-\x1f\x7f]").fill_null(False)).any():
        return column
    clean = pc.utf8_trim_whitespace(pc.replace_substring_regex(column, r"[\x00-\x1f\x7f]+", " "))
    return pc.if_else(pc.equal(clean, ""), None, clean)
