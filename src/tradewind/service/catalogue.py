"""Items that are put, changed and taken away while serving."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tradewind.data.records import Item
from tradewind.engine.items import change_items
from tradewind.errors import NotFoundError
from tradewind.service.assembly import Service


def change(service: Service, upserts: Sequence[Item], removals: Sequence[str]) -> int:
    """Puts and takes away items in one change. Returns the delta number after which every answer shows it."""
    return change_items(service.engine, [_priced(service, item) for item in upserts], removals)


def patch(service: Service, item_id: str, changes: dict[str, Any]) -> int:
    """Changes some fields of the item as answers show it now. Returns as `change` does. Raises NotFoundError."""
    return change(service, [replace(current(service, item_id), **changes)], [])


def remove(service: Service, item_id: str) -> int:
    """Takes an item away. Returns as `change` does. Raises NotFoundError."""
    return change(service, [], [current(service, item_id).id])


def current(service: Service, item_id: str) -> Item:
    """Returns the item as answers show it now. Raises NotFoundError."""
    service.engine.refresh()
    view = service.engine.serving.view
    row = view.row_of(item_id)
    if row is None:
        raise NotFoundError("there is no such item")
    return view.item(row)


def _priced(service: Service, item: Item) -> Item:
    """A price without a currency is in the shop's own."""
    if item.price is None or item.currency:
        return item
    return replace(item, currency=service.shop.settings.currency)
