"""The blocks of shop.yaml about tables: where rows come from, and how they become items and events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tradewind.settings.base import Settings


class SourceSettings(Settings):
    """Where rows come from. `path` is relative to shop.yaml, or `package:NAME/FILE` for a file in a Python package."""

    kind: Literal["csv", "jsonl", "parquet", "sql"] | str | None = None
    """Left out, the file's ending decides."""
    path: str | None = None
    url: str | None = None
    """A SQLAlchemy address, for kind sql; `${NAME}` is read from the environment."""
    query: str | None = None


class DerivedPrice(Settings):
    """A price that is not in the catalogue: the median of value / quantity over the last weeks of purchases."""

    derive: Literal["median_unit_price"] = "median_unit_price"
    weeks: int = Field(8, ge=1)


class ItemSettings(Settings):
    """The catalogue: a column, or a template such as "{type}, {size}", per record field."""

    source: SourceSettings
    id: str
    title: str
    category: list[str] = []
    brand: str | None = None
    price: str | DerivedPrice | None = None
    image: str | None = None
    availability: str | None = None
    language: str | None = None
    updated_at: str | None = None
    attributes: dict[str, str] = {}
    abbreviations: str | None = None
    """A CSV of `short,long` pairs; every text field is spelled out with it."""
    sentence_case: bool = False
    """Texts that stand in capitals throughout are written as sentences: FROZEN PIZZA becomes Frozen pizza."""
    text: str = "{title}. {category}. {brand}. {attributes}"
    """What the encoder reads, over the record's own fields; `leaf` and `parent` are the last levels of the category."""


class EventSettings(Settings):
    """One table of behaviour: a column, a template, or a constant written `=word`, per record field."""

    source: SourceSettings
    type: str
    time: str
    timezone: str = "UTC"
    event_id: str | None = None
    user: str | None = None
    visitor: str | None = None
    item: str | None = None
    query: str | None = None
    basket: str | None = None
    value: str | None = None
    quantity: str | None = None
    position: str | None = None
    request_id: str | None = None
