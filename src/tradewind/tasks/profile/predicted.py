"""Predicted attributes: bands such as an age or an income, guessed from purchases. Off unless a shop turns them on.

A guess is linear, so that it can say what spoke for it. What must never be guessed is refused when a model is made, not
when it is asked: no model of it can exist.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tradewind.data.features.purchase import Lines, lines_of_person
from tradewind.data.features.shopping_habits import HABITS, shopping_habits
from tradewind.data.features.spend_shares import spend_shares
from tradewind.data.records import Event, EventType, Item
from tradewind.errors import ArtefactError, ConfigError, DataError, TradewindError
from tradewind.settings.predicted import TOPICS_SAID, offence
from tradewind.settings.sensitive import default_sensitivity
from tradewind.tasks.profile.build import words_of
from tradewind.tasks.profile.tags import PREDICTED, Evidence, Tag
from tradewind.tasks.purchase.next_days import category_key

Floats = npt.NDArray[np.float64]

KIND: Final = "predicted"
"""The kind of its artefacts; each is named as its attribute is in shop.yaml."""
WEIGHTS_FILE: Final = "bands.safetensors"
FACTS_FILE: Final = "bands.json"
ARRAYS: Final = ("mean", "scale", "weights", "base")
_FLOOR: Final = 0.01


def require_harmless(attribute: str, bands: Sequence[str]) -> None:
    """Raises ConfigError for an attribute that must never be predicted: by its own words, by those of a band, or
    because a band of an age begins below 18."""
    bad = offence((attribute,), bands)
    if bad is not None:
        raise ConfigError(
            f"{attribute} is never predicted: {bad!r} is about {TOPICS_SAID}",
            hint="leave it out; a person may tell a shop such things, a shop does not guess them",
        )


def category_of(item: Item) -> str | None:
    """Returns the category that a purchase of the item is counted under: its two highest levels, without an audience;
    None for an item of a sensitive topic, or without a category."""
    return category_key((words_of(item, None, default_sensitivity()) or {}).get("category"))


def attribute_features(lines: Lines, people: int, keys: Sequence[str]) -> tuple[Floats, tuple[str, ...]]:
    """Returns float64 (people, d) and the names of its columns: shopping habits, then the square root of the share of
    money that goes to each of `keys` (which `lines.keys` count)."""
    shares = np.sqrt(spend_shares(lines, people, len(keys)))
    return np.hstack([shopping_habits(lines, people), shares]), (*HABITS, *keys)


@dataclass(frozen=True, slots=True)
class BandModel:
    """P(band) = `base` + (x − `mean`) / `scale` · `weights`, kept above 1 % and made to sum to 1.

    `columns` (d,) name the features; `weights` is (d, bands).
    """

    attribute: str
    bands: tuple[str, ...]
    columns: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    base: Floats

    def __post_init__(self) -> None:
        require_harmless(self.attribute, self.bands)
        wide, high = len(self.columns), len(self.bands)
        shapes = (self.mean.shape, self.scale.shape, self.weights.shape, self.base.shape)
        if shapes != ((wide,), (wide,), (wide, high), (high,)):
            raise DataError(f"arrays of {shapes} for {wide} columns and {high} bands")

    @property
    def keys(self) -> tuple[str, ...]:
        """Returns the categories whose share of the money it reads, the columns behind the habits."""
        return self.columns[len(HABITS) :]

    def probabilities(self, rows: Floats) -> Floats:
        """Returns (n, bands) for `rows` (n, d)."""
        raw = np.maximum(self.base + (rows - self.mean) / self.scale @ self.weights, _FLOOR)
        return np.asarray(raw / raw.sum(axis=1, keepdims=True))

    def why(self, row: Floats, band: int, most: int = 3) -> str:
        """Returns the columns that spoke most for a band, in words."""
        parts = ((row - self.mean) / self.scale) * self.weights[:, band]
        best = [place for place in np.argsort(-parts, kind="stable")[:most] if parts[place] > 0]
        told = [f"{'much' if row[p] > self.mean[p] else 'little'} {self.columns[p].replace('_', ' ')}" for p in best]
        return ", ".join(told)

    def save(self, folder: Path) -> Path:
        """Writes names and arrays into `folder`, and returns it."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: np.ascontiguousarray(getattr(self, name)) for name in ARRAYS}, folder / WEIGHTS_FILE)
        facts = {name: getattr(self, name) for name in ("attribute", "bands", "columns")}
        (folder / FACTS_FILE).write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
        return folder


@dataclass(frozen=True, slots=True)
class BandPredictor:
    """Makes tags of a `model`; `key_of` gives of each item id that counts the place of its category in `model.keys`.

    Below `least_probability` it says nothing.
    """

    model: BandModel
    key_of: Mapping[str, int]
    least_probability: float = 0.5

    def tags(self, events: Sequence[Event]) -> Sequence[Tag]:
        """Returns one tag, or none, from one person's purchases; each that was read is evidence, newest first."""
        lines = lines_of_person(events, self.key_of)
        if not len(lines.keys):
            return ()
        row = attribute_features(lines, 1, self.model.keys)[0][0]
        chances = self.model.probabilities(row[None, :])[0]
        band = int(chances.argmax())
        if chances[band] < self.least_probability:
            return ()
        read = [e for e in events if e.type is EventType.PURCHASE and e.item in self.key_of]
        evidence = tuple(Evidence(e.event_id, e.time, e.item, 1.0) for e in reversed(read))
        value = f"{self.model.attribute}: {self.model.bands[band]}"
        return (Tag(PREDICTED, value, float(chances[band]), evidence, self.model.why(row, band)),)


def read_band_model(folder: Path) -> BandModel:
    """Returns what `BandModel.save` wrote.

    Raises ArtefactError for a folder that holds none, a broken one, one of other habits than are counted now, or one of
    an attribute that must not be predicted.
    """
    try:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        names = (str(facts["attribute"]), tuple(facts["bands"]), tuple(facts["columns"]))
        arrays = load_file(folder / WEIGHTS_FILE)
        model = BandModel(*names, *(arrays[name].astype(np.float64) for name in ARRAYS))
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, TradewindError) as error:
        raise ArtefactError(f"a model of an attribute cannot be read: {error}", where=str(folder)) from error
    if model.columns[: len(HABITS)] != HABITS:
        raise ArtefactError("the model counts other habits than these", where=str(folder), hint="train it again")
    return model
