"""Whether an item is dear or cheap for what it is: its price's third among its category."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tradewind.data.records import CATEGORY_SEPARATOR, Item

BANDS: Final = ("low", "middle", "high")
LEAST_PRICES: Final = 6
"""A category with fewer different prices has no bands: a third of four prices says little."""


@dataclass(frozen=True, slots=True)
class PriceBands:
    """Per (category, currency), joined, the two prices that part low from middle and middle from high."""

    edges: Mapping[str, tuple[float, float]]

    def of(self, item: Item) -> str | None:
        """Returns the item's band, or None without a price or where its category has no bands."""
        edges = self.edges.get(_key(item))
        if edges is None or item.price is None:
            return None
        return BANDS[int(item.price > edges[0]) + int(item.price > edges[1])]


def bands_of_prices(prices: Mapping[tuple[tuple[str, ...], str], Sequence[float]]) -> PriceBands:
    """Returns the bands of each (category, currency) with at least LEAST_PRICES different prices."""
    enough = {key: found for key, found in prices.items() if len(set(found)) >= LEAST_PRICES}
    return PriceBands({_joined(*key): _thirds(found) for key, found in enough.items()})


def price_bands(items: Iterable[Item]) -> PriceBands:
    """Returns the bands of every category with at least LEAST_PRICES different prices in one currency."""
    prices: dict[tuple[tuple[str, ...], str], list[float]] = {}
    for item in items:
        if item.price is not None and item.category:
            prices.setdefault((item.category, item.currency or ""), []).append(item.price)
    return bands_of_prices(prices)


def _key(item: Item) -> str:
    return _joined(item.category, item.currency or "")


def _joined(category: Sequence[str], currency: str) -> str:
    return f"{CATEGORY_SEPARATOR.join(category)}|{currency}"


def _thirds(prices: Sequence[float]) -> tuple[float, float]:
    low, high = np.quantile(prices, [1 / 3, 2 / 3])
    return float(low), float(high)
