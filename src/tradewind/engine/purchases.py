"""The published model of buying as it answers: calibrated probabilities from one person's purchases."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tradewind.data.records import CATEGORY_SEPARATOR, Event, EventType, Item
from tradewind.engine.parts import View
from tradewind.engine.reply import Reply, canonical
from tradewind.errors import ArtefactError, NotFoundError, RequestError
from tradewind.registry.artefacts import load
from tradewind.registry.keys import load_public
from tradewind.registry.pointers import current
from tradewind.settings import Shop
from tradewind.settings.sensitive import default_sensitivity
from tradewind.tasks.purchase.next_days import NextDays, category_key, read_next_days
from tradewind.telemetry import logger

KIND: Final = "purchase"
NAME: Final = "next-days"
UNKNOWN: Final = "unknown-item"
SENSITIVE: Final = "sensitive"
NEVER_SOLD: Final = "category-never-sold"


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose purchases, which items, and from which moment on."""

    events: Sequence[Event]
    items: Sequence[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class _Open:
    version: str
    model: NextDays


class Purchases:
    """The model of a shop as a server asks it: opened when first asked for, and again when another version was
    promoted; one that cannot be opened leaves the old one answering. Thread-safe."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._open: _Open | None = None
        self._lock = threading.Lock()

    def answer(self, view: View, asked: Asked) -> Reply:
        """Returns for each item the probability of a purchase of its category within the model's horizon.

        An item that is not in the catalogue, is of a sensitive topic, or whose category was never sold when the model
        was learned has a reason in place of a probability. Raises NotFoundError when no model was published,
        RequestError when there is no purchase before the moment: the model speaks of people who buy here.
        """
        started = time.perf_counter()
        found = self._current()
        if not any(event.type is EventType.PURCHASE and event.time < asked.at for event in asked.events):
            raise RequestError("there are no purchases before this moment to conclude from")
        items = _items(view, {*asked.items, *(event.item for event in asked.events if event.item)})
        paths = {name: CATEGORY_SEPARATOR.join(item.category) for name, item in items.items()}
        chances = found.model.chances(asked.events, paths, asked.at)
        body = {
            "version": found.version,
            "horizon_days": found.model.model.horizon,
            "at": asked.at.isoformat(),
            "predictions": [_prediction(name, items.get(name), chances) for name in asked.items],
        }
        stages = (("predict", (time.perf_counter() - started) * 1e3),)
        return Reply(canonical(body), found.version, 0, stages=stages, stage_answered="purchase")

    def _current(self) -> _Open:
        with self._lock:
            version, held = current(self._shop.artefacts, KIND, NAME), self._open
            if version is None:
                raise NotFoundError("this shop has learned no model of buying", hint="tradewind train purchase")
            if held is None or held.version != version:
                self._open = held = self._opened(version, held)
            return held

    def _opened(self, version: str, held: _Open | None) -> _Open:
        try:
            artefact = load(self._shop.artefacts, KIND, NAME, version, load_public(self._shop.keys))
            return _Open(version, read_next_days(artefact.path))
        except ArtefactError as error:
            if held is None:
                raise
            logger.error("the new model of buying is refused, the old one answers: %s", error)
            return held


def _items(view: View, names: Iterable[str]) -> dict[str, Item]:
    rows = {name: view.row_of(name) for name in names}
    return {name: view.item(row) for name, row in rows.items() if row is not None}


def _prediction(name: str, item: Item | None, chances: Mapping[str, float]) -> dict[str, Any]:
    if item is None:
        return {"item": name, "reason": UNKNOWN}
    if default_sensitivity().of_item(item):
        return {"item": name, "reason": SENSITIVE}
    category = category_key(CATEGORY_SEPARATOR.join(item.category))
    if category is None or category not in chances:
        return {"item": name, "reason": NEVER_SOLD}
    return {"item": name, "category": category, "probability": round(chances[category], 6)}
