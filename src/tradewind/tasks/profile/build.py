"""Builds a person's tags from their events: the same events and deletions give the same tags, on any day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from tradewind.data.features.baskets import in_time_order
from tradewind.data.features.price_band import PriceBands
from tradewind.data.features.profile import HALF_LIFE_DAYS, weight_of
from tradewind.data.features.recency import age_in_days, decay
from tradewind.data.features.rfv import rfv_of
from tradewind.data.features.taste import taste_vectors
from tradewind.data.records import CATEGORY_SEPARATOR, Event, EventType, Item
from tradewind.settings.sensitive import Sensitivity, default_sensitivity
from tradewind.tasks.profile.tags import KINDS, Deletions, Evidence, Tag, TaggedProfile

RECENCY: Final = ((7.0, "within a week"), (30.0, "within a month"), (90.0, "within three months"))
FREQUENCY: Final = ((0.5, "rarely"), (2.0, "now and then"), (4.5, "about weekly"))
LATER: Final = ("longer ago", "several times a week")


class Predictor(Protocol):
    """Foretells attributes of a person from their events, as tags of the kind `predicted`."""

    def tags(self, events: Sequence[Event]) -> Sequence[Tag]:
        """Returns its guesses, each with its probability and, in `why`, what spoke for it."""


@dataclass(frozen=True, slots=True)
class ProfileConfig:
    """How profiles are built. Attributes are predicted only when `predict` says so, and it does not by itself."""

    half_life_days: float = HALF_LIFE_DAYS
    predict: bool = False
    least_weight: float = 0.01
    """Interests with a smaller share are too faint to be a tag."""
    sensitivity: Sensitivity = field(default_factory=default_sensitivity)


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the shop knows of its items: records by id, price bands, and rows of `vectors` by id when there are any."""

    items: Mapping[str, Item]
    bands: PriceBands | None = None
    row_of: Mapping[str, int] = field(default_factory=dict)
    vectors: npt.NDArray[np.floating] | None = None


@dataclass(frozen=True, slots=True)
class _Wish:
    """An event that says an item is wanted, aged, and what its item stands for in readable words by kind."""

    evidence: Evidence
    words: Mapping[str, str]


def build_profile(
    events: Iterable[Event],
    shelf: Shelf,
    deletions: Deletions | None = None,
    config: ProfileConfig | None = None,
    predictors: Sequence[Predictor] = (),
    at: datetime | None = None,
) -> TaggedProfile:
    """Returns the tags and the vector of one person's events, aged to `at`, by itself the last of them.

    Events with an item of a sensitive topic add to no interest and not to the vector; they are counted as withheld. A
    deleted tag is not made, and what is left is shared out as if it never had been; its items add nothing to the
    vector either, and no guess reads them.
    """
    settings, gone = config or ProfileConfig(), deletions or Deletions()
    ordered = in_time_order(events)
    if not ordered:
        return TaggedProfile(())
    last = at or ordered[-1].time
    wishes, withheld = _wishes(ordered, shelf, settings, last)
    kept = [wish for wish in wishes if not any(gone.holds(kind, value) for kind, value in wish.words.items())]
    tags = [tag for kind in KINDS[:3] for tag in _interests(kind, wishes, gone, settings)]
    tags += [tag for tag in _rhythm(ordered, last) if not gone.holds(tag.kind, tag.value)]
    read = {wish.evidence.event_id for wish in kept}
    tags += _predicted([event for event in ordered if event.event_id in read], gone, settings, predictors)
    return TaggedProfile(tuple(tags), _vector(kept, shelf), withheld)


def words_of(item: Item, bands: PriceBands | None, sensitivity: Sensitivity) -> Mapping[str, str] | None:
    """Returns what an item stands for in words, by kind of tag; None for an item of a sensitive topic."""
    if sensitivity.of_item(item):
        return None
    path = sensitivity.readable_path(item.category) or ()
    words = {"category": CATEGORY_SEPARATOR.join(path), "brand": item.brand or ""}
    words["price_band"] = (bands.of(item) or "") if bands else ""
    return {kind: value for kind, value in words.items() if value and sensitivity.allows(value)}


def _wishes(ordered: Sequence[Event], shelf: Shelf, settings: ProfileConfig, last: datetime) -> tuple[list[_Wish], int]:
    found, withheld = [], 0
    seen: dict[str, Mapping[str, str] | None] = {}
    for event in ordered:
        item = shelf.items.get(event.item) if event.item is not None else None
        weight = weight_of(event)
        if item is None or weight <= 0:
            continue
        if item.id not in seen:
            seen[item.id] = words_of(item, shelf.bands, settings.sensitivity)
        words = seen[item.id]
        if words is None:
            withheld += 1
            continue
        aged = weight * decay(age_in_days(event.time, last), settings.half_life_days)
        found.append(_Wish(Evidence(event.event_id, event.time, event.item, aged), words))
    return found, withheld


def _interests(kind: str, wishes: Sequence[_Wish], gone: Deletions, settings: ProfileConfig) -> list[Tag]:
    grouped: dict[str, list[Evidence]] = {}
    for wish in wishes:
        value = wish.words.get(kind)
        if value and not gone.holds(kind, value):
            grouped.setdefault(value, []).append(wish.evidence)
    total = sum(each.weight for rests_on in grouped.values() for each in rests_on)
    tags = [
        Tag(kind, value, sum(each.weight for each in rests_on) / total, tuple(reversed(rests_on)))
        for value, rests_on in grouped.items()
    ]
    strong = [tag for tag in tags if tag.weight >= settings.least_weight]
    return sorted(strong, key=lambda tag: (-tag.weight, tag.value))


def _rhythm(ordered: Sequence[Event], last: datetime) -> list[Tag]:
    """Returns recency, frequency and value as they stand at `last`."""
    bought = [e for e in ordered if e.type is EventType.PURCHASE]
    figures = rfv_of(bought, last)
    if figures is None:
        return []
    evidence = tuple(Evidence(e.event_id, e.time, e.item, 1.0) for e in reversed(bought))
    told = (
        ("recency", _band(figures.recency_days, RECENCY, LATER[0]), figures.recency_days),
        ("frequency", _band(figures.baskets_a_month, FREQUENCY, LATER[1]), figures.baskets_a_month),
        ("value", f"about {_rounded(figures.value)} a basket", figures.value),
    )
    return [Tag(kind, value, weight, evidence) for kind, value, weight in told]


def _predicted(
    ordered: Sequence[Event], gone: Deletions, settings: ProfileConfig, predictors: Sequence[Predictor]
) -> list[Tag]:
    if not settings.predict:
        return []
    made = [tag for predictor in predictors for tag in predictor.tags(ordered)]
    return [
        tag
        for tag in made
        if settings.sensitivity.allows(tag.value) and not gone.holds(tag.kind, tag.value)
    ]  # fmt: skip


def _vector(wishes: Sequence[_Wish], shelf: Shelf) -> tuple[float, ...] | None:
    known = [(shelf.row_of.get(wish.evidence.item or ""), wish.evidence.weight) for wish in wishes]
    rows = [(row, weight) for row, weight in known if row is not None]
    if shelf.vectors is None or not rows:
        return None
    where, weights = np.array([row for row, _ in rows]), np.array([weight for _, weight in rows])
    found = taste_vectors(np.zeros(len(rows), dtype=np.int64), 1, weights, shelf.vectors[where])[0]
    return tuple(float(value) for value in found)


def _band(figure: float, bands: Sequence[tuple[float, str]], beyond: str) -> str:
    return next((name for edge, name in bands if figure <= edge), beyond)


def _rounded(money: float) -> str:
    """Returns the money to one figure that counts: exact sums would name a person among many."""
    if money <= 0:
        return "0"
    scale = 10 ** int(np.floor(np.log10(money)))
    return f"{round(money / scale) * scale:g}"
