"""What was bought before a moment, indexed by the questions that are asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.data.features.recency import SECONDS_A_DAY
from tradewind.data.records import Event, EventType

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LATELY_DAYS: Final = 28.0
"""What "lately" means: four weeks, so that every weekday counts as often."""
NEVER_DAYS: Final = 400.0
"""Days since something that never happened."""


@dataclass(frozen=True, slots=True)
class Lines:
    """Purchase lines in any order, (lines,) each: `people`, `keys` (what was bought: a category or an item) and
    `baskets` by number, `days` since the epoch in UTC with their fraction, `spend` in the shop's money."""

    people: Ints
    keys: Ints
    baskets: Ints
    days: Floats
    spend: Floats

    def before(self, day: float) -> Lines:
        """Returns the lines before a moment; none at or after it."""
        seen = self.days < day
        return Lines(*(getattr(self, name)[seen] for name in ("people", "keys", "baskets", "days", "spend")))


@dataclass(frozen=True, slots=True)
class Asked:
    """Will `people`[i] buy `keys`[i] from `day` on? (n,) each; a pair is asked once."""

    people: Ints
    keys: Ints
    day: float


@dataclass(frozen=True, slots=True)
class Past:
    """The lines before the moment of the questions, each with the question it speaks to.

    `pair` (lines,) is the number of the asked pair that a line belongs to, -1 for none; `person` (lines,) the number
    of its buyer among `everyone`, and `asker` (n,) the same for the questions. `new_in_basket` (lines,) is true for the
    first line of its key in a basket, `opens` (lines,) for the first line of a basket.
    """

    asked: Asked
    lines: Lines
    pair: Ints
    person: Ints
    asker: Ints
    everyone: int
    new_in_basket: npt.NDArray[np.bool_]
    opens: npt.NDArray[np.bool_]

    @property
    def age(self) -> Floats:
        """Days from each line to the moment of the questions, (lines,)."""
        return np.asarray(self.asked.day - self.lines.days)

    def of_pairs(self, values: Floats) -> Floats:
        """Returns the sum of `values` (lines,) over the lines of each question's person and key, (n,)."""
        mine = self.pair >= 0
        return np.bincount(self.pair[mine], weights=values[mine], minlength=len(self.asked.people)).astype(np.float64)

    def of_people(self, values: Floats) -> Floats:
        """Returns the sum of `values` (lines,) over all lines of each question's person, (n,)."""
        mine = self.person >= 0
        return np.bincount(self.person[mine], weights=values[mine], minlength=self.everyone).astype(np.float64)[
            self.asker
        ]

    def since_pairs(self) -> Floats:
        """Returns days since each question's person last bought its key, (n,); NEVER_DAYS without."""
        mine = self.pair >= 0
        return _least(self.pair[mine], self.age[mine], len(self.asked.people))

    def since_people(self) -> Floats:
        """Returns days since each question's person last bought anything, (n,); NEVER_DAYS without."""
        mine = self.person >= 0
        return _least(self.person[mine], self.age[mine], self.everyone)[self.asker]


def past_of(lines: Lines, asked: Asked) -> Past:
    """Returns what `lines` say about the questions; what happened at or after their moment is not looked at."""
    seen = lines.before(asked.day)
    everyone, asker = np.unique(asked.people, return_inverse=True)
    person = _found(everyone, seen.people)
    width = int(max(asked.keys.max(initial=0), seen.keys.max(initial=0))) + 1
    codes = asked.people * width + asked.keys
    order = np.argsort(codes)
    place = _found(codes[order], seen.people * width + seen.keys)
    return Past(
        asked=asked,
        lines=seen,
        pair=np.where(place >= 0, order[np.maximum(place, 0)], -1) if len(order) else place,
        person=person,
        asker=asker.reshape(-1),
        everyone=len(everyone),
        new_in_basket=_first(np.stack([seen.people, seen.baskets, seen.keys])),
        opens=_first(np.stack([seen.people, seen.baskets])),
    )


def lines_of_person(events: Iterable[Event], key_of: Mapping[str, int]) -> Lines:
    """Returns one person's purchases of items in `key_of`, under the person number 0.

    A purchase without a basket belongs to the basket of its day (UTC), as in `baskets_of`.
    """
    bought = [e for e in events if e.type is EventType.PURCHASE and e.item is not None and e.item in key_of]
    names: dict[str, int] = {}
    trips = [names.setdefault(e.basket or f"day:{e.time.date().isoformat()}", len(names)) for e in bought]
    return Lines(
        np.zeros(len(bought), dtype=np.int64),
        np.array([key_of[e.item] for e in bought if e.item is not None], dtype=np.int64),
        np.array(trips, dtype=np.int64),
        np.array([e.time.timestamp() / SECONDS_A_DAY for e in bought], dtype=np.float64),
        np.array([e.value or 0.0 for e in bought], dtype=np.float64),
    )


def _found(ordered: Ints, wanted: Ints) -> Ints:
    """Returns the place of each of `wanted` in `ordered`, -1 where it is not there."""
    if not len(ordered):
        return np.full(len(wanted), -1, dtype=np.int64)
    place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.asarray(np.where(ordered[place] == wanted, place, -1), dtype=np.int64)


def _least(groups: Ints, ages: Floats, count: int) -> Floats:
    least = np.full(count, NEVER_DAYS)
    np.minimum.at(least, groups, ages)
    return least


def _first(columns: Ints) -> npt.NDArray[np.bool_]:
    """Returns true for the first of equal columns, in the order of the lines."""
    codes = np.zeros(columns.shape[1], dtype=np.int64)
    for numbers in columns:
        codes = np.unique(codes * (int(numbers.max(initial=0)) + 1) + numbers, return_inverse=True)[1].reshape(-1)
    first = np.zeros(len(codes), dtype=np.bool_)
    first[np.unique(codes, return_index=True)[1]] = True
    return first
