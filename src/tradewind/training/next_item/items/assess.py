"""Figures of the item-level models: every method on the same questions, all items ranked, slices apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.tasks.next_item.sequences import TAIL, Asked, Sequences, ndcg, recall, slices
from tradewind.training.next_item.items.answers import Score, places

Rows = npt.NDArray[np.int64]

RECALL: Final = "recall@10"
NDCG: Final = "nDCG@10"
CHANCE: Final = "random"
POPULARITY: Final = "popularity"
LAST_ITEM: Final = "co-occurrence with the last item"
NEIGHBOURS: Final = "item-kNN over the history"
IDS: Final = "from ids"
TEXT: Final = "from text"
LIKENESS: Final = "likeness of text to the history"
BOTH: Final = "ids and text averaged"


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is learned from, over `items` items, what is asked, and whether a history's items are left out."""

    name: str
    learn: Sequences
    items: int
    asked: Asked
    without_history: bool

    def reached(self, scores: Mapping[str, Score]) -> dict[str, Rows]:
        """Returns, by name, the place of the right item for every question."""
        return {name: places(score, self.asked, without_history=self.without_history) for name, score in scores.items()}


def overall(protocol: Protocol, found: Mapping[str, Rows], ours: str = BOTH) -> Table:
    """Returns the table of recall@10 and nDCG@10, with the intervals of the gain of `ours` below it."""
    rows = {
        name: {RECALL: float(recall(place).mean()), NDCG: float(ndcg(place).mean())} for name, place in found.items()
    }
    notes = [_gain(found, ours, peer) for peer in (IDS, TEXT, NEIGHBOURS) if peer in found and ours in found]
    ranked = "without the history's own" if protocol.without_history else "the history's own among them"
    title = f"{protocol.name}: {len(protocol.asked)} questions, all {protocol.items} items ranked, {ranked}"
    return Table(title, (RECALL, NDCG), rows, ours=ours, notes=tuple(notes))


def by_slice(protocol: Protocol, found: Mapping[str, Rows], ours: str = BOTH) -> Table:
    """Returns recall@10 and nDCG@10 apart for warm, tail and cold items, by how often they could be learned."""
    seen = protocol.learn.purchases(protocol.items)
    parts = {name: where for name, where in slices(seen, protocol.asked.truth, TAIL).items() if where.any()}
    columns = tuple(f"{name} {metric}" for name in parts for metric in (RECALL, NDCG))
    rows = {
        method: {
            f"{name} {metric}": float(measure(place[where]).mean())
            for name, where in parts.items()
            for metric, measure in ((RECALL, recall), (NDCG, ndcg))
        }
        for method, place in found.items()
    }
    sizes = ", ".join(f"{name}: {int(where.sum())}" for name, where in parts.items())
    note = f"warm: learned from {TAIL} purchases or more; tail: from fewer; cold: from none. Questions: {sizes}"
    return Table(f"{protocol.name}, slices apart", columns, rows, ours=ours, notes=(note,))


def _gain(found: Mapping[str, Rows], ours: str, peer: str) -> str:
    gain = paired_bootstrap(ndcg(found[ours]), ndcg(found[peer]), resamples=1000)
    return f"{ours} over {peer}: {NDCG} {gain.mean:+.4f}, 95 % interval [{gain.low:+.4f}, {gain.high:+.4f}]"
