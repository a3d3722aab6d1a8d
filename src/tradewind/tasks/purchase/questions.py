"""Questions whose answer the log knows: of those who were here lately, who bought what in the days after a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.features.purchase import Asked, Lines, past_of, population_of, purchase_features
from tradewind.data.features.recency import SECONDS_A_DAY
from tradewind.data.records import EventType
from tradewind.errors import DataError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ACTIVE_DAYS: Final = 56.0
"""Somebody who bought nothing for longer is not asked about."""
HORIZON_DAYS: Final = 7.0


@dataclass(frozen=True, slots=True)
class Examples:
    """Questions with their answers: `features` (n, d), `outcomes` (n,), and who and what was asked about, (n,) each."""

    features: Floats
    outcomes: npt.NDArray[np.bool_]
    people: Ints
    keys: Ints

    def __len__(self) -> int:
        return len(self.outcomes)


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are put: of all pairs of an active person and a key, at most `pairs`, drawn evenly, so that a
    probability learned from them needs no correction; was the key bought within `horizon` days?"""

    keys: int
    horizon: float = HORIZON_DAYS
    pairs: int = 60_000
    seed: int = 13


@dataclass(frozen=True, slots=True)
class Moments:
    """When questions are asked, days since the epoch: to learn from, to stop growing trees by, to calibrate on, and to
    measure on, in this order of time. No answer of one set lies after the first question of a later set."""

    train: tuple[float, ...]
    stopping: tuple[float, ...]
    calibration: tuple[float, ...]
    test: tuple[float, ...]


def moments_of(lines: Lines, *, horizon: float = HORIZON_DAYS, train: int = 8, test: int = 2) -> Moments:
    """Returns moments a `horizon` apart that end with the log: `test` to measure, one or two to calibrate and to stop
    by, `train` before.

    Raises DataError when the log is shorter than that and four weeks of history.
    """
    needed = (train + test + 4) * horizon + 28.0
    if not len(lines.days) or lines.days.max() - lines.days.min() < needed:
        raise DataError(
            f"the log is shorter than the {needed:.0f} days that learning who buys needs",
            hint="a longer log, or fewer weeks to train and test on",
        )
    last = float(np.floor(lines.days.max())) + 1.0
    starts = [last - horizon * back for back in range(train + test + 4, 0, -1)]
    cut = [train, train + 2, train + 4]
    return Moments(*(tuple(part) for part in (starts[: cut[0]], starts[cut[0] : cut[1]], starts[cut[1] : cut[2]],
                                             starts[cut[2] :])))  # fmt: skip


def lines_of_events(events: pa.Table, keys: pa.Array, key_of_item: pa.Array) -> tuple[Lines, pa.Array]:
    """Returns everybody's purchases as lines and the pseudonyms that their people's numbers stand for.

    `key_of_item` (n,) gives the key number of each of the item ids in `keys` (n,); other items, and purchases by
    nobody, are left out. A purchase without a basket belongs to the basket of its buyer's day (UTC).
    """
    bought = events.filter(pc.equal(events["type"], EventType.PURCHASE.value))
    person = pc.coalesce(bought["user"], bought["visitor"])
    key = pc.take(key_of_item, pc.index_in(bought["item"].combine_chunks(), value_set=keys))
    known = pc.and_(pc.is_valid(person), pc.is_valid(key))
    bought, person, key = bought.filter(known), person.filter(known), key.filter(known)
    day = pc.strftime(bought["time"], format="%Y-%m-%d")
    basket = pc.coalesce(
        pc.binary_join_element_wise("basket", bought["basket"], ":"), pc.binary_join_element_wise("day", day, ":")
    )
    people = person.combine_chunks().dictionary_encode()
    lines = Lines(
        _ints(people.indices),
        _ints(key),
        _ints(basket.combine_chunks().dictionary_encode().indices),
        bought["time"].cast(pa.int64()).to_numpy() / 1e6 / SECONDS_A_DAY,
        bought["value"].fill_null(0.0).to_numpy().astype(np.float64),
    )
    return lines, people.dictionary


def examples_at(lines: Lines, day: float, asking: Asking) -> Examples:
    """Returns the questions of one moment: features from before it, answers from the `horizon` after it."""
    before = lines.before(day)
    active = np.unique(before.people[before.days >= day - ACTIVE_DAYS])
    if not len(active):
        raise DataError("nobody bought anything in the eight weeks before a moment that questions are asked at")
    total = len(active) * asking.keys
    random = np.random.default_rng([asking.seed, int(day)])
    drawn = np.sort(random.choice(total, min(asking.pairs, total), replace=False))
    people, keys = active[drawn // asking.keys], drawn % asking.keys
    asked = Asked(people, keys, day)
    features = purchase_features(past_of(before, asked), population_of(before, day, asking.keys))
    after = (lines.days >= day) & (lines.days < day + asking.horizon)
    answers = np.unique(lines.people[after] * asking.keys + lines.keys[after])
    return Examples(features, np.isin(people * asking.keys + keys, answers), people, keys)


def together(parts: list[Examples]) -> Examples:
    """Returns the examples of several moments as one set."""
    return Examples(
        np.concatenate([part.features for part in parts]),
        np.concatenate([part.outcomes for part in parts]),
        np.concatenate([part.people for part in parts]),
        np.concatenate([part.keys for part in parts]),
    )


def _ints(column: pa.Array | pa.ChunkedArray) -> Ints:
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int64) if isinstance(
        column, pa.Array
    ) else column.to_numpy().astype(np.int64)  # fmt: skip
