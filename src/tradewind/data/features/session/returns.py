"""Whether the visitor comes back to the same item."""

from __future__ import annotations

from tradewind.data.features.session.visit import Visit


def value(visit: Visit) -> float:
    """Returns events with an item per different item, 0 without items."""
    return _per_item(visit)


def _per_item(visit: Visit) -> float:
    touched = [event.item for event in visit.events if event.item is not None]
    return len(touched) / len(set(touched)) if touched else 0.0
