"""What one person's events say about what they want.

A profile is a pure function of the events: the moment that recency is counted from is the person's own last event and
never the clock, so the same log gives the same profile to a trainer, to a server, and to an auditor a year later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tradewind.data.features.baskets import Basket, baskets_of, in_time_order
from tradewind.data.features.recency import decayed_counts
from tradewind.data.records import CATEGORY_SEPARATOR, Event, EventType, Item

HALF_LIFE_DAYS: Final = 45.0
"""The age at which an event counts half."""

TYPE_WEIGHTS: Final[Mapping[EventType, float]] = {
    EventType.CLICK: 1.0,
    EventType.VIEW: 1.0,
    EventType.ADD_TO_CART: 3.0,
    EventType.PURCHASE: 5.0,
    EventType.REVIEW: 1.0,
}
"""How much one event of a kind says that its item is wanted; kinds that are not here say nothing."""

LIKED: Final = 4.0
"""A rating from here up counts like a purchase; one below says nothing about wanting the item again."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One person's wishes. Weights are relative to each other; their scale has no meaning of its own."""

    weights: Mapping[str, float] = field(default_factory=dict)
    """Item id to recency-decayed interest, greatest first (ties by id)."""
    bought: Mapping[str, float] = field(default_factory=dict)
    """Item id to recency-decayed number of baskets that held it, greatest first (ties by id)."""
    times_bought: Mapping[str, int] = field(default_factory=dict)
    """Item id to the number of baskets that held it."""
    baskets: tuple[Basket, ...] = ()
    dismissed: frozenset[str] = frozenset()
    """Items the person asked not to see; buying or adding one to the cart later takes it out."""
    recent: tuple[str, ...] = ()
    """Items looked at, added, bought or rated, newest first, each once."""
    last: datetime | None = None
    spent: float = 0.0
    """The sum of the values of purchases."""

    @property
    def empty(self) -> bool:
        """Returns whether there is nothing to personalise with."""
        return not self.weights and not self.dismissed


def profile_of(events: Iterable[Event], half_life_days: float = HALF_LIFE_DAYS) -> Profile:
    """Returns the profile that one person's events make. No events make an empty profile."""
    ordered = in_time_order(events)
    if not ordered:
        return Profile()
    last, baskets = ordered[-1].time, baskets_of(ordered)
    wanted = [(e.item, e.time, weight_of(e)) for e in ordered if e.item is not None and weight_of(e) > 0]
    bought = [(item, basket.time, 1.0) for basket in baskets for item in basket.items]
    return Profile(
        weights=_greatest_first(decayed_counts(wanted, last, half_life_days)),
        bought=_greatest_first(decayed_counts(bought, last, half_life_days)),
        times_bought=dict(Counter(item for item, _, _ in bought)),
        baskets=baskets,
        dismissed=_dismissed(ordered),
        recent=tuple(dict.fromkeys(item for item, _, _ in reversed(wanted))),
        last=last,
        spent=sum(e.value or 0.0 for e in ordered if e.type is EventType.PURCHASE),
    )


def weight_of(event: Event) -> float:
    """Returns how much one event says that its item is wanted; 0 for nothing."""
    if event.type is EventType.RATE:
        return TYPE_WEIGHTS[EventType.PURCHASE] if (event.value or 0.0) >= LIKED else 0.0
    return TYPE_WEIGHTS.get(event.type, 0.0)


def interests(profile: Profile, items: Mapping[str, Item]) -> dict[str, dict[str, float]]:
    """Returns `{"category": {...}, "brand": {...}}`: each leaf's and brand's share of the interest, 0..1.

    Items that are not in `items` (gone from the catalogue) count for nothing. Shares are rounded to four places.
    """
    found: dict[str, dict[str, float]] = {"category": {}, "brand": {}}
    for item_id, weight in profile.weights.items():
        item = items.get(item_id)
        if item is None:
            continue
        for name, value in (("category", CATEGORY_SEPARATOR.join(item.category)), ("brand", item.brand or "")):
            if value:
                found[name][value] = found[name].get(value, 0.0) + weight
    return {name: _shares(weights) for name, weights in found.items()}


def _dismissed(ordered: list[Event]) -> frozenset[str]:
    gone: set[str] = set()
    for event in ordered:
        if event.item is None:
            continue
        if event.type is EventType.DISMISS:
            gone.add(event.item)
        elif event.type in (EventType.ADD_TO_CART, EventType.PURCHASE):
            gone.discard(event.item)
    return frozenset(gone)


def _greatest_first(weights: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(weights.items(), key=lambda pair: (-pair[1], pair[0])))


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: round(weight / total, 4) for name, weight in _greatest_first(weights).items()}
