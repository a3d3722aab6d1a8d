"""What a person will buy of in the next days, category by category, answered from that person's events alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from tradewind.data.features.purchase import (
    FEATURES,
    Asked,
    Population,
    lines_of_person,
    past_of,
    purchase_features,
)
from tradewind.data.features.recency import SECONDS_A_DAY
from tradewind.data.records import CATEGORY_SEPARATOR, Event
from tradewind.errors import ArtefactError
from tradewind.tasks.purchase.model import PurchaseModel, read_purchase_model

KEYS_FILE: Final = "categories.json"


def category_key(path: str | None) -> str | None:
    """Returns what a purchase is filed under: the two highest levels of a category path; None without one."""
    levels = [level for level in (path or "").split(CATEGORY_SEPARATOR) if level]
    return CATEGORY_SEPARATOR.join(levels[:2]) or None


@dataclass(frozen=True, slots=True)
class NextDays:
    """A model of buying over categories `keys` (in the order of their numbers), and the population's habits as they
    were when it was made."""

    model: PurchaseModel
    keys: tuple[str, ...]
    population: Population

    def chances(self, events: Iterable[Event], categories: Mapping[str, str | None], at: datetime) -> dict[str, float]:
        """Returns category to the probability of a purchase within the model's horizon from `at`, likeliest first.

        `categories` gives each item's category path; events at or after `at` are not looked at.
        """
        self.model.require(FEATURES)
        number = {key: place for place, key in enumerate(self.keys)}
        filed = {item: category_key(path) for item, path in categories.items()}
        key_of = {item: number[key] for item, key in filed.items() if key in number}
        every = np.arange(len(self.keys))
        asked = Asked(np.zeros_like(every), every, at.timestamp() / SECONDS_A_DAY)
        rows = purchase_features(past_of(lines_of_person(events, key_of), asked), self.population)
        found = dict(zip(self.keys, self.model.predict(rows).tolist(), strict=True))
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def save(self, folder: Path) -> Path:
        """Writes the model and its categories into `folder`, and returns it."""
        self.model.save(folder)
        habits = {"reach": self.population.reach.tolist(), "again": self.population.again.tolist()}
        told = json.dumps({"categories": self.keys, **habits}, ensure_ascii=False)
        (folder / KEYS_FILE).write_text(told, encoding="utf-8")
        return folder


def read_next_days(folder: Path) -> NextDays:
    """Returns what `save` wrote. Raises ArtefactError when the folder holds none, or a broken one."""
    model = read_purchase_model(folder)
    try:
        told = json.loads((folder / KEYS_FILE).read_text(encoding="utf-8"))
        population = Population(*(np.array(told[name], dtype=np.float64) for name in ("reach", "again")))
        keys = tuple(told["categories"])
    except (OSError, ValueError, KeyError) as error:
        raise ArtefactError(f"the categories of a purchase model cannot be read: {error}", where=str(folder)) from error
    if not len(keys) == len(population.reach) == len(population.again):
        raise ArtefactError("categories and their habits differ in number", where=str(folder))
    return NextDays(model, keys, population)
