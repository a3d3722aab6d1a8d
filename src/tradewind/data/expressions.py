"""What shop.yaml says about a record's field: a column, a template over columns, or a constant written `=word`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from tradewind.data.templates import Template
from tradewind.data.values import Texts, to_texts

Columns = Mapping[str, pa.Array]


class Expression(Protocol):
    """How one field of a record is made from a row."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""

    def evaluate(self, raw: Columns, rows: int) -> pa.Array:
        """Returns `rows` values."""


@dataclass(frozen=True, slots=True)
class ColumnExpression:
    """A column as it stands."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.name,)

    def evaluate(self, raw: Columns, rows: int) -> pa.Array:
        return raw[self.name]


@dataclass(frozen=True, slots=True)
class ConstantExpression:
    """The same word in every row."""

    word: str

    @property
    def columns(self) -> tuple[str, ...]:
        return ()

    def evaluate(self, raw: Columns, rows: int) -> pa.Array:
        return pa.repeat(pa.scalar(self.word, pa.string()), rows)


@dataclass(frozen=True, slots=True)
class TemplateExpression:
    """A text made of several columns."""

    template: Template

    @property
    def columns(self) -> tuple[str, ...]:
        return self.template.fields

    def evaluate(self, raw: Columns, rows: int) -> pa.Array:
        texts: dict[str, Texts] = {name: to_texts(raw[name]) for name in self.columns}
        return self.template.render_columns({name: found.values for name, found in texts.items()}, rows)


def parse(text: str) -> Expression:
    """Returns the expression that `text` writes. Raises ConfigError for a template without a field."""
    if text.startswith("="):
        return ConstantExpression(text[1:].strip())
    if "{" in text:
        return TemplateExpression(Template(text))
    return ColumnExpression(text)


def parse_all(fields: Mapping[str, str | None]) -> dict[str, Expression]:
    """Returns an expression for every field that shop.yaml sets."""
    return {name: parse(text) for name, text in fields.items() if text}


def columns_of(expressions: Iterable[Expression]) -> list[str]:
    """Returns the columns that these expressions read, each once."""
    return list(dict.fromkeys(name for expression in expressions for name in expression.columns))
