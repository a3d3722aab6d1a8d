"""One visit: a person's events without a long pause between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tradewind.data.features.baskets import in_time_order
from tradewind.data.records import Event, EventType

PAUSE_MINUTES: Final = 30.0
"""A longer pause ends a visit."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The events of a visit so far, oldest first, and how many baskets the visitor bought before it."""

    events: tuple[Event, ...]
    baskets_before: int = 0

    def count(self, *kinds: EventType) -> int:
        """Returns how many events are of these kinds."""
        return sum(event.type in kinds for event in self.events)

    def so_far(self, length: int) -> Visit:
        """Returns the visit as it was after its first `length` events."""
        return Visit(self.events[:length], self.baskets_before)


def visits_of(events: Iterable[Event], pause_minutes: float = PAUSE_MINUTES) -> list[Visit]:
    """Returns one person's visits, oldest first; each knows how many of the visits before it ended in a purchase."""
    found: list[list[Event]] = []
    for event in in_time_order(events):
        if not found or (event.time - found[-1][-1].time).total_seconds() > 60.0 * pause_minutes:
            found.append([])
        found[-1].append(event)
    bought = [any(event.type is EventType.PURCHASE for event in visit) for visit in found]
    return [Visit(tuple(visit), sum(bought[:place])) for place, visit in enumerate(found)]
