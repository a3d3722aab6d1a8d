"""The published models of predicted attributes as they answer: guesses about a person, for that person's profile."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tradewind.data.records import Item
from tradewind.errors import ArtefactError
from tradewind.registry.artefacts import load
from tradewind.registry.keys import load_public
from tradewind.registry.pointers import current
from tradewind.settings import Shop
from tradewind.tasks.profile.build import ProfileConfig
from tradewind.tasks.profile.predicted import KIND, BandModel, BandPredictor, category_of, read_band_model
from tradewind.telemetry import logger

ON: Final = ProfileConfig(predict=True)
"""How a profile with guesses is built."""


@dataclass(frozen=True, slots=True)
class _Open:
    version: str
    model: BandModel


class Guesses:
    """The attributes that a shop's settings name, as a server asks for them. A model is opened when first needed, and
    again when another version was promoted; one that cannot be opened makes no guess, or leaves the old one guessing.
    An attribute that the settings do not name is never opened, though its model lies there. Thread-safe."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._open: dict[str, _Open] = {}
        self._refused: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def predictors(self, items: Mapping[str, Item]) -> list[BandPredictor]:
        """Returns what guesses from purchases of `items`, one an attribute; none of a sensitive item is read."""
        named = self._shop.settings.learn.predicted
        with self._lock:
            opened = {name: model for name in named if (model := self._current(name)) is not None}
        if not opened:
            return []
        filed = {item_id: category for item_id, item in items.items() if (category := category_of(item)) is not None}
        return [_predictor(model, filed, named[name].least_probability) for name, model in opened.items()]

    def _current(self, name: str) -> BandModel | None:
        version, held = current(self._shop.artefacts, KIND, name), self._open.get(name)
        if version is None:
            return None
        if (held is None or held.version != version) and (name, version) not in self._refused:
            self._open_version(name, version)
        found = self._open.get(name)
        return found.model if found else None

    def _open_version(self, name: str, version: str) -> None:
        try:
            artefact = load(self._shop.artefacts, KIND, name, version, load_public(self._shop.keys))
            self._open[name] = _Open(version, read_band_model(artefact.path))
        except ArtefactError as error:
            self._refused.add((name, version))
            logger.error("the model of the attribute %s is refused: %s", name, error)


def _predictor(model: BandModel, filed: Mapping[str, str], least: float) -> BandPredictor:
    place = {key: number for number, key in enumerate(model.keys)}
    return BandPredictor(model, {item: place[key] for item, key in filed.items() if key in place}, least)
