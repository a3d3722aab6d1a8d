"""Predicted attributes: bands such as an age or an income, guessed from purchases. Off unless a shop turns them on.

A guess is linear, so that it can say what spoke for it. What must never be guessed is refused when a model is made, not
when it is asked: no model of it can exist.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.data.features.purchase import Lines, lines_of_person
from tradewind.data.features.shopping_habits import HABITS, shopping_habits
from tradewind.data.features.spend_shares import spend_shares
from tradewind.data.records import Event, EventType
from tradewind.errors import ConfigError, DataError
from tradewind.settings.predicted import TOPICS_SAID, offence
from tradewind.tasks.profile.tags import Evidence, Tag

Floats = npt.NDArray[np.float64]

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
        if self.weights.shape != (len(self.columns), len(self.bands)):
            raise DataError(f"weights {self.weights.shape} for {len(self.columns)} columns, {len(self.bands)} bands")

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


@dataclass(frozen=True, slots=True)
class BandPredictor:
    """Makes tags of a `model`; `key_of` gives the key of each item id, and `keys` are their names in the model's order.

    Below `least_probability` it says nothing.
    """

    model: BandModel
    keys: tuple[str, ...]
    key_of: Mapping[str, int]
    least_probability: float = 0.5

    def tags(self, events: Sequence[Event]) -> Sequence[Tag]:
        """Returns one tag, or none, from one person's purchases."""
        lines = lines_of_person(events, self.key_of)
        if not len(lines.keys):
            return ()
        row = attribute_features(lines, 1, self.keys)[0][0]
        chances = self.model.probabilities(row[None, :])[0]
        band = int(chances.argmax())
        if chances[band] < self.least_probability:
            return ()
        read = [e for e in events if e.type is EventType.PURCHASE and e.item in self.key_of]
        evidence = tuple(Evidence(e.event_id, e.time, e.item, 1.0) for e in reversed(read))
        value = f"{self.model.attribute} {self.model.bands[band]}"
        return (Tag("predicted", value, float(chances[band]), evidence, self.model.why(row, band)),)
