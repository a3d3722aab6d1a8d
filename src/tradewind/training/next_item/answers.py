"""What a sequence model answers to questions: user vectors, scores of the whole vocabulary, ten best items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.sequence import ItemSide, SequenceModel, pool
from tradewind.tasks.next_item import Questions, Trips
from tradewind.training.next_item.windows import padded

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_TOGETHER: Final = 64
_PLACES: Final = 1.0 / np.log2(np.arange(2, 12))

Ranking = Callable[[int, int, Floats], Rows]
"""(household, basket, the sequence model's scores) → the ten best items."""


@torch.no_grad()
def user_vectors(model: SequenceModel, side: ItemSide, trips: Trips, asked: Questions) -> Floats:
    """Returns float32 (questions, d), from the newest baskets before each question."""
    model.eval()
    found = np.zeros((len(asked), side.vectors.shape[1]), dtype=np.float32)
    first = np.maximum(trips.households[asked.households], asked.baskets - model.shape.window)
    order = np.argsort(asked.baskets - first, kind="stable")
    for start in range(0, len(order), _TOGETHER):
        rows = order[start : start + _TOGETHER]
        batch = padded(trips, first[rows], asked.baskets[rows])
        lines, place = torch.from_numpy(batch.lines), torch.from_numpy(batch.place)
        pooled = pool(side, lines, place, batch.days.size).view(*batch.days.shape, -1)
        states = model(pooled, torch.from_numpy(batch.times), torch.from_numpy(batch.days))
        last = torch.from_numpy(asked.baskets[rows] - first[rows] - 1)
        found[rows] = states[torch.arange(len(rows)), last].float().numpy()
    return found


def scored(users: Floats, side: ItemSide) -> Iterator[Floats]:
    """Yields, question after question, the sequence model's float32 scores (vocabulary,)."""
    vectors, bias = side.vectors.T, side.bias
    for start in range(0, len(users), _TOGETHER):
        yield from (torch.from_numpy(users[start : start + _TOGETHER]) @ vectors + bias).numpy()


def ndcg_at_ten(ranked: Rows, truth: Rows) -> float:
    """Returns nDCG@10 with binary relevance: `evaluation.ranking.ndcg_at_k` over rows in place of ids."""
    found = np.isin(ranked[:10], truth)
    return float((found * _PLACES[: len(found)]).sum() / _PLACES[: min(10, len(truth))].sum())
