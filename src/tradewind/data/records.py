"""The records that travel through the house, and their columns when many travel at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

import pyarrow as pa

CATEGORY_SEPARATOR: Final = " > "
"""Joins the levels of a category path in text and in tables."""


class EventType(StrEnum):
    """The closed set of things that can happen."""

    SEARCH = "search"
    IMPRESSION = "impression"
    VIEW = "view"
    CLICK = "click"
    ADD_TO_CART = "add_to_cart"
    PURCHASE = "purchase"
    RATE = "rate"
    REVIEW = "review"
    DISMISS = "dismiss"


@dataclass(frozen=True, slots=True)
class Item:
    """One product. `text` is what the encoder reads; `price` is in `currency` or None when unknown."""

    id: str
    title: str
    text: str = ""
    category: tuple[str, ...] = ()
    brand: str | None = None
    price: float | None = None
    currency: str | None = None
    price_derived: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    language: str | None = None
    availability: str = "in_stock"
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `user` is a pseudonym, never the shop's own user id; `time` is UTC.

    `event_id` is the dedupe key. `basket` groups what was bought or looked at together.
    `position` counts from 0. `value` is money or a grade, `quantity` a count.
    """

    event_id: str
    type: EventType
    time: datetime
    user: str | None = None
    visitor: str | None = None
    item: str | None = None
    query: str | None = None
    request_id: str | None = None
    basket: str | None = None
    value: float | None = None
    quantity: float | None = None
    position: int | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A person as the shop's site may know them: a random pseudonym and a consent, nothing else."""

    pseudonym: str
    personalise: bool = True
    consent_version: int = 0


@dataclass(frozen=True, slots=True)
class Judgment:
    """A graded opinion that an item answers a query; grade 0 means it does not."""

    query: str
    item: str
    grade: int


ITEM_SCHEMA: Final = pa.schema(
    [
        ("id", pa.string()),
        ("title", pa.string()),
        ("text", pa.string()),
        ("category", pa.string()),
        ("brand", pa.string()),
        ("price", pa.float64()),
        ("currency", pa.string()),
        ("price_derived", pa.bool_()),
        ("attributes", pa.string()),
        ("image", pa.string()),
        ("language", pa.string()),
        ("availability", pa.string()),
        ("updated_at", pa.timestamp("us", tz="UTC")),
    ]
)
"""Items in a table: `category` joined by CATEGORY_SEPARATOR, `attributes` as a JSON object with sorted keys."""

EVENT_SCHEMA: Final = pa.schema(
    [
        ("event_id", pa.string()),
        ("type", pa.string()),
        ("time", pa.timestamp("us", tz="UTC")),
        ("user", pa.string()),
        ("visitor", pa.string()),
        ("item", pa.string()),
        ("query", pa.string()),
        ("request_id", pa.string()),
        ("basket", pa.string()),
        ("value", pa.float64()),
        ("quantity", pa.float64()),
        ("position", pa.int32()),
    ]
)
"""Events in a table, in the order of the log."""
