"""One item after another: sequences of single items, what of them may be learned from, and what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.tasks.next_item.trips import Trips

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]

FEWEST_ITEMS: Final = 4
"""Two to learn from, one for validation, one for the test: a shorter sequence is learned from and not asked about."""
K: Final = 10
TAIL: Final = 5
"""An item taken fewer times than this where it is learned, but taken, is a tail item."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """Item rows in the order in which each person took them; sequence s is items[starts[s]:starts[s + 1]]."""

    items: Rows
    starts: Rows

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, number: int) -> Rows:
        return self.items[self.starts[number] : self.starts[number + 1]]

    @property
    def lengths(self) -> Rows:
        """How many items each sequence has, (sequences,)."""
        return np.diff(self.starts)

    @property
    def owners(self) -> Rows:
        """Whose each item is, (items,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def newest(self, count: int) -> Sequences:
        """Returns the sequences, each cut to its newest `count` items."""
        kept = np.minimum(self.lengths, count)
        return self._between(self.starts[1:] - kept, self.starts[1:])

    def first(self, counts: Rows) -> Sequences:
        """Returns the sequences, sequence s cut to its first `counts[s]` items."""
        return self._between(self.starts[:-1], self.starts[:-1] + np.minimum(counts, self.lengths))

    def chosen(self, numbers: Rows) -> Sequences:
        """Returns the sequences of these numbers, in their order."""
        return self._between(self.starts[numbers], self.starts[numbers + 1])

    def purchases(self, items: int) -> Rows:
        """Returns how often each of `items` rows was taken, (items,)."""
        return np.bincount(self.items, minlength=items)

    def _between(self, begin: Rows, end: Rows) -> Sequences:
        lengths = end - begin
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(starts[-1]) - np.repeat(starts[:-1] - begin, lengths)
        return Sequences(self.items[places], starts)


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions: after `histories`, which item came next? `truth` (questions,) holds item rows."""

    histories: Sequences
    truth: Rows

    def __len__(self) -> int:
        return len(self.truth)

    def some(self, count: int, seed: int) -> Asked:
        """Returns at most `count` of the questions, drawn evenly."""
        if len(self) <= count:
            return self
        drawn = np.sort(np.random.default_rng(seed).permutation(len(self))[:count])
        return Asked(self.histories.chosen(drawn), self.truth[drawn])


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """A sequence's last item is the test's, the last but one validation's; `learn` is what is left of all of them."""

    learn: Sequences
    validation: Asked
    test: Asked


def sequences_of(lists: Iterable[Sequence[int]]) -> Sequences:
    """Returns the lists of item rows as sequences."""
    parts = [np.asarray(one, dtype=np.int64) for one in lists]
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    return Sequences(np.concatenate([*parts, np.zeros(0, np.int64)]), starts)


def leave_one_out(sequences: Sequences) -> LeaveOneOut:
    """Returns the customary split. Raises DataError when no sequence is long enough to be asked about."""
    lengths = sequences.lengths
    asked = np.flatnonzero(lengths >= FEWEST_ITEMS)
    if not len(asked):
        raise DataError(f"no sequence has {FEWEST_ITEMS} items", hint="next_item needs people who came back")
    learn = sequences.first(np.where(lengths >= FEWEST_ITEMS, lengths - 2, lengths))
    return LeaveOneOut(learn, _question(sequences, asked, 2), _question(sequences, asked, 1))


def time_cut(trips: Trips, validation: float, test: float, seed: int = 13) -> LeaveOneOut:
    """Returns a split by two moments common to all: nothing after `validation` (days) is learned from.

    What lies in one basket came at one time: its items are put in an order drawn by `seed`, since any other, such as
    that of the catalogue, would be one to learn and to be asked for.

    Asked is, per person with at least two items before a moment, the first item after it; a later purchase by anybody
    else is never known, as it is in leave-one-out (Sun et al., "A Critical Study on Data Leakage in Recommender System
    Offline Evaluation", ACM TOIS 2023).
    """
    sizes = np.diff(trips.lines)
    drawn = np.random.default_rng(seed).random(len(trips.items))
    shuffled = np.lexsort((drawn, np.repeat(np.arange(len(sizes)), sizes)))
    whole = Sequences(trips.items[shuffled], trips.lines[trips.households])
    line_days = np.repeat(trips.days, sizes)
    earlier = [np.add.reduceat(line_days < moment, whole.starts[:-1]) for moment in (validation, test)]
    between = np.add.reduceat((line_days >= validation) & (line_days < test), whole.starts[:-1])
    learn, known = earlier
    fresh = np.flatnonzero((learn >= 2) & (between > 0))
    late = np.flatnonzero((known >= 2) & (known < whole.lengths))
    if not len(fresh) or not len(late):
        raise DataError("nobody bought before and after the cut", hint="choose an earlier cut")
    return LeaveOneOut(whole.first(learn), _next(whole, fresh, learn[fresh]), _next(whole, late, known[late]))


def ranks(scores: Floats, truth: Rows) -> Rows:
    """Returns the place, counted from 1, of `truth` (n,) among all items of `scores` (n, items).

    An equal score counts as half a place ahead, rounded up: a model that cannot tell items apart gains nothing by it.
    """
    right = scores[np.arange(len(truth)), truth][:, None]
    ahead, level = (scores > right).sum(axis=1), (scores == right).sum(axis=1) - 1
    return np.asarray(1 + ahead + (level + 1) // 2, dtype=np.int64)


def recall(places: Rows, k: int = K) -> npt.NDArray[np.float64]:
    """Returns recall@k per question, which with one right item is whether it stands in the first k places."""
    return (places <= k).astype(np.float64)


def ndcg(places: Rows, k: int = K) -> npt.NDArray[np.float64]:
    """Returns nDCG@k per question: with one right item, 1 / log2(place + 1) within the first k places, else 0."""
    return np.where(places <= k, 1.0 / np.log2(places + 1.0), 0.0)


def slices(purchases: Rows, truth: Rows, tail: int = TAIL) -> dict[str, npt.NDArray[np.bool_]]:
    """Returns which questions ask for an item of each slice: warm, tail (taken under `tail` times), cold (never)."""
    seen = purchases[truth]
    return {"warm": seen >= tail, "tail": (seen > 0) & (seen < tail), "cold": seen == 0}


def _question(sequences: Sequences, asked: Rows, back: int) -> Asked:
    counts = sequences.lengths[asked] - back
    return _next(sequences, asked, counts)


def _next(sequences: Sequences, asked: Rows, counts: Rows) -> Asked:
    histories = sequences.chosen(asked)
    return Asked(histories.first(counts), sequences.items[sequences.starts[asked] + counts])
