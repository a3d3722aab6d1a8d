"""Questions about items that nobody had bought before: who buys what has just come onto the shelf?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.data.features.purchase import Asked, Lines
from tradewind.errors import DataError
from tradewind.tasks.purchase.questions import ACTIVE_DAYS


@dataclass(frozen=True, slots=True)
class NewItemQuestions:
    """Pairs of an active person and an item without any purchase before `asked.day`, and whether it was bought within
    the horizon. All that were are here; of those that were not, as many as were drawn, evenly."""

    asked: Asked
    outcomes: npt.NDArray[np.bool_]


def new_item_questions(
    lines: Lines, day: float, *, horizon: float = 28.0, negatives: int = 20, seed: int = 13
) -> NewItemQuestions:
    """Returns the questions of one moment, `negatives` for each purchase.

    The items are those that first sold within the horizon, which stands for a list of what is about to be launched:
    it says which items come, never who buys them. Raises DataError when there are none.
    """
    before, after = lines.before(day), (lines.days >= day) & (lines.days < day + horizon)
    active = np.unique(before.people[before.days >= day - ACTIVE_DAYS])
    launched = np.setdiff1d(lines.keys[after], before.keys)
    if not len(launched) or not len(active):
        raise DataError("no item sold for the first time in the period: there is nothing to ask about")
    width = int(lines.keys.max()) + 1
    bought = after & np.isin(lines.keys, launched) & np.isin(lines.people, active)
    positives = np.unique(lines.people[bought] * width + lines.keys[bought])
    random = np.random.default_rng([seed, int(day)])
    drawn = random.choice(active, negatives * len(positives)) * width + random.choice(
        launched, negatives * len(positives)
    )
    rest = np.setdiff1d(drawn, positives)
    pairs = np.concatenate([positives, rest])
    outcomes = np.concatenate([np.ones(len(positives), dtype=np.bool_), np.zeros(len(rest), dtype=np.bool_)])
    return NewItemQuestions(Asked(pairs // width, pairs % width, day), outcomes)
