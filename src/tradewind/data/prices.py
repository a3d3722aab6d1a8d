"""Prices that are not in the catalogue: derived from what was paid lately."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, bindparam, func, select, update

from tradewind.data.store.schema import events, items
from tradewind.data.store.statements import fetch

_WEEK_MICROS = 7 * 86_400 * 1_000_000


def derive_prices(connection: Connection, weeks: int) -> int:
    """Sets each item's price to the median of value / quantity over its purchases of the last `weeks`.

    The weeks end with the last purchase in the log, so that the same log gives the same prices on any day. An item
    that was not sold in them has no price; a line without a value or a quantity says nothing about one. Prices
    changed while serving are left alone. Returns how many items have a derived price.
    """
    purchases = events.c.type == "purchase"
    last = connection.execute(select(func.max(events.c.time)).where(purchases)).scalar_one()
    if last is None:
        return 0
    paid = select(events.c.item, events.c.value / events.c.quantity)
    paid = paid.where(purchases, events.c.time > last - weeks * _WEEK_MICROS, events.c.value > 0, events.c.quantity > 0)
    prices = _medians([row for rows in fetch(connection, paid) for row in rows])
    cleared = update(items).where(items.c.price_derived, items.c.live == 0)
    connection.execute(cleared.values(price=None, price_derived=False))
    changed = update(items).where(items.c.id == bindparam("item"), items.c.live == 0)
    rows = [{"item": item, "paid": price} for item, price in prices.items()]
    if rows:
        connection.execute(changed.values(price=bindparam("paid"), price_derived=True), rows)
    return len(rows)


def _medians(rows: list[tuple[str, float]]) -> dict[str, float]:
    if not rows:
        return {}
    names, inverse = np.unique(np.array([row[0] for row in rows]), return_inverse=True)
    values = np.array([row[1] for row in rows], dtype=np.float64)
    order = np.lexsort((values, inverse))
    counts = np.bincount(inverse)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    ranked = values[order]
    middle = (ranked[starts + (counts - 1) // 2] + ranked[starts + counts // 2]) / 2
    return {name: _rounded(price) for name, price in zip(names.tolist(), middle.tolist(), strict=True)}


def _rounded(price: float) -> float:
    """Returns the price in cents; what costs less than a cent apiece keeps four places."""
    return round(price, 2) if price >= 0.01 else round(price, 4)
