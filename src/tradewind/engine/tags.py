"""A person's tags against the catalogue as it is served, and a profile without what the person took back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tradewind.data.features.price_band import PriceBands, bands_of_prices
from tradewind.data.features.profile import Profile, profile_of
from tradewind.data.records import CATEGORY_SEPARATOR, Event, Item
from tradewind.engine.parts import View
from tradewind.errors import RequestError
from tradewind.index.filters import Filters
from tradewind.settings.sensitive import default_sensitivity
from tradewind.tasks.profile.build import Shelf, words_of
from tradewind.tasks.profile.tags import Deletions

_BAND: Final = "price_band:"


def shelf_of(view: View, events: Iterable[Event], *, bands: bool = True) -> Shelf:
    """Returns the items of the events that are in the catalogue, and the price bands of their categories.

    A band parts the prices of a category with all below it, taken as being in the item's currency.
    """
    rows = {name: view.row_of(name) for name in {event.item for event in events if event.item}}
    items = {name: view.item(row) for name, row in rows.items() if row is not None}
    return Shelf(items, _bands(view, items.values()) if bands else None)


def profile_without(events: Sequence[Event], deletions: Deletions, view: View) -> Profile:
    """Returns the profile that is left when no item of a deleted tag counts; what was dismissed stays dismissed."""
    kept = profile_of(events_without(events, deletions, view))
    return replace(kept, dismissed=profile_of(events).dismissed)


def events_without(events: Sequence[Event], deletions: Deletions, view: View) -> list[Event]:
    """Returns the events but for those whose item a deleted tag speaks of."""
    if not deletions.ids:
        return list(events)
    shelf = shelf_of(view, events, bands=any(each.startswith(_BAND) for each in deletions.ids))
    gone = {name for name, item in shelf.items.items() if _spoken_of(item, shelf.bands, deletions)}
    return [event for event in events if event.item not in gone]


def _spoken_of(item: Item, bands: PriceBands | None, deletions: Deletions) -> bool:
    words = words_of(item, bands, default_sensitivity()) or {}
    return any(deletions.holds(kind, value) for kind, value in words.items())


def _bands(view: View, items: Iterable[Item]) -> PriceBands:
    wanted = {(item.category, item.currency or "") for item in items if item.category and item.price is not None}
    return bands_of_prices({key: _prices(view, key[0]) for key in wanted})


def _prices(view: View, category: Sequence[str]) -> list[float]:
    try:
        rows = view.select(Filters(terms={"category": (CATEGORY_SEPARATOR.join(category),)}))
    except RequestError:
        return []  # this shop's index does not know categories
    prices = view.prices(rows)
    return [float(price) for price in prices[~np.isnan(prices)]]
