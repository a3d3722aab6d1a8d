"""How one table of behaviour becomes events, as shop.yaml says."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.expressions import Columns, columns_of, parse_all
from tradewind.data.typed_columns import Mapped, TypedColumns, unreadable_parts, without_controls
from tradewind.settings import EventSettings


class EventMapping:
    """How one table of behaviour becomes events. `user` is still the shop's own id."""

    def __init__(self, settings: EventSettings) -> None:
        names = (
            "type",
            "time",
            "event_id",
            "user",
            "visitor",
            "item",
            "query",
            "basket",
            "value",
            "quantity",
            "position",
            "request_id",
        )
        self._fields = parse_all({name: getattr(settings, name) for name in names})
        self._timezone = settings.timezone

    @property
    def columns(self) -> list[str]:
        """The source's columns that this mapping reads."""
        return columns_of(self._fields.values())

    @property
    def fields(self) -> frozenset[str]:
        """The record's fields that this mapping sets."""
        return frozenset(self._fields)

    def map(self, raw: Columns, rows: int) -> Mapped:
        """Returns the batch as columns of EVENT_SCHEMA's types, for the fields that are mapped."""
        given = {name: expression.evaluate(raw, rows) for name, expression in self._fields.items()}
        typed = TypedColumns(given, self._timezone)
        columns: dict[str, pa.Array] = {}
        for name in given:
            if name == "time":
                columns[name] = typed.time(name)
            elif name in ("value", "quantity"):
                columns[name] = typed.number(name)
            elif name == "position":
                columns[name] = typed.whole(name)
            else:
                columns[name] = typed.text(name)
        columns["type"] = pc.utf8_lower(columns["type"])
        if "query" in columns:
            columns["query"] = without_controls(columns["query"])
        return Mapped(columns, given, (*unreadable_parts(self._fields, raw), *typed.faults))
