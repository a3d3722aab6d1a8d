"""What one run stands on, put together from the log, the vectors and the settings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.data.features.basket_counts import ItemStatistics
from tradewind.models.sequence import SequenceConfig
from tradewind.settings import LearnSettings
from tradewind.tasks.next_item import Questions, Split, Trips
from tradewind.training.next_item.budget import EFFORTS, TEXT_WIDTH, SequenceBudget, sequence_plan
from tradewind.training.next_item.item_side import Catalogue, slots, whitened
from tradewind.training.next_item.windows import Windows, windows_of
from tradewind.training.plan import Plan

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_WINDOW = 64


@dataclass(frozen=True, slots=True)
class Run:
    """One run, decided: who learns from what, what is known of the items, how long it may take."""

    trips: Trips
    split: Split
    catalogue: Catalogue
    windows: Windows
    plan: Plan
    budget: SequenceBudget
    shape: SequenceConfig


def prepared(learn: LearnSettings, trips: Trips, parted: Split, vectors: Floats) -> Run:
    """Returns the run. Only baskets that may be learned from shape the whitening and the statistics."""
    budget = EFFORTS[learn.effort]
    unseen = later(trips, parted.learn_until)
    statistics = trips.statistics(len(vectors), without=unseen)
    seen = np.bincount(trips.items[lines_of(trips, unseen)], minlength=len(vectors))
    text = whitened(vectors, np.flatnonzero(seen), TEXT_WIDTH)
    catalogue = Catalogue(text, slots(seen, budget.own_from), statistics)
    windows = windows_of(trips, parted.learn_until, _WINDOW)
    plan = sequence_plan(learn, len(windows))
    shape = SequenceConfig(
        text=text.shape[1],
        learned=catalogue.learned,
        dimension=budget.dimension,
        window=_WINDOW,
        dropout=plan.dropout,
    )
    return Run(trips, parted, catalogue, windows, plan, budget, shape)


def later(trips: Trips, until: Rows) -> Rows:
    """Returns the numbers of each household's baskets from `until` (households,) on."""
    return np.flatnonzero(np.arange(len(trips.days)) >= until[trips.buyers])


def lines_of(trips: Trips, without: Rows) -> npt.NDArray[np.bool_]:
    """Returns bool (lines,): the line is in none of the baskets `without`."""
    keep = np.ones(len(trips.days), dtype=bool)
    keep[without] = False
    return np.repeat(keep, np.diff(trips.lines))


def statistics_before_test(run: Run) -> ItemStatistics:
    """Returns how items sell without the last basket of every household asked about."""
    return run.trips.statistics(len(run.catalogue.slot), without=run.split.last_basket.baskets)


def first_questions(asked: Questions, count: int, seed: int) -> Questions:
    """Returns at most `count` of the questions, drawn evenly."""
    if len(asked) <= count:
        return asked
    rows = np.sort(np.random.default_rng(seed).permutation(len(asked))[:count])
    return Questions(asked.households[rows], asked.baskets[rows])
