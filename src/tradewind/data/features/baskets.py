"""What a person bought together, in time order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tradewind.data.records import Event, EventType


@dataclass(frozen=True, slots=True)
class Basket:
    """One shopping trip: when it ended, and each item once, in the order it was bought."""

    time: datetime
    items: tuple[str, ...]


def baskets_of(events: Iterable[Event]) -> tuple[Basket, ...]:
    """Returns the baskets among one person's events, oldest first.

    Purchases belong together by their basket id; without one, by the same calendar day (UTC).
    """
    grouped: dict[str, list[Event]] = {}
    for event in in_time_order(events):
        if event.type is EventType.PURCHASE and event.item is not None:
            grouped.setdefault(_key(event), []).append(event)
    found = [Basket(trip[-1].time, tuple(dict.fromkeys(e.item for e in trip if e.item))) for trip in grouped.values()]
    return tuple(sorted(found, key=lambda basket: (basket.time, basket.items)))


def in_time_order(events: Iterable[Event]) -> list[Event]:
    """Returns the events oldest first; those of the same moment by their id: the order never depends on the log."""
    return sorted(events, key=lambda event: (event.time, event.event_id))


def _key(event: Event) -> str:
    return f"basket:{event.basket}" if event.basket else f"day:{event.time.date().isoformat()}"
