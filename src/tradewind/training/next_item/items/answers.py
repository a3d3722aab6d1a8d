"""Scores of every item after a history, from one model or from two averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.item_sequence import ItemSequenceModel
from tradewind.tasks.next_item.sequences import Asked, Sequences, ranks
from tradewind.training.next_item.items.packing import pack

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Score = Callable[[Sequences], Floats]
"""Histories → the scores (histories, items) of every item as the next one."""

TOGETHER: Final = 512
_LOWEST: Final = np.float32(-1e30)


@torch.no_grad()
def user_vectors(model: ItemSequenceModel, histories: Sequences) -> Floats:
    """Returns float32 (histories, d): the model's state after each history's newest item."""
    model.eval()
    side = model.items(torch.arange(model.shape.items))
    found = []
    for start in range(0, len(histories), TOGETHER):
        numbers = np.arange(start, min(start + TOGETHER, len(histories)))
        packing = pack(histories.chosen(numbers).newest(model.shape.length), model.shape.length)
        states = model(side[packing.packed.items], packing.packed).flatten(0, 1)
        found.append(states[packing.last].float().numpy())
    return np.concatenate(found)


def scorer(model: ItemSequenceModel) -> Score:
    """Returns what scores histories by `model`."""
    side = model.item_side().numpy()
    return lambda histories: np.asarray(user_vectors(model, histories) @ side.T, dtype=np.float32)


def averaged(parts: list[Score], weights: tuple[float, ...]) -> Score:
    """Returns the weighted mean of the parts' scores, each first brought to mean 0 and deviation 1 per history
    (EnsRec: arXiv 2512.17820): models trained apart score on scales of their own."""
    return lambda histories: np.sum(
        [np.float32(weight) * standard(part(histories)) for part, weight in zip(parts, weights, strict=True)], axis=0
    )


def standard(scores: Floats) -> Floats:
    """Returns the scores (n, items), each row with mean 0 and deviation 1."""
    spread = scores.std(axis=1, keepdims=True)
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / (spread + 1e-9), dtype=np.float32)


def places(score: Score, asked: Asked, *, without_history: bool) -> Rows:
    """Returns (questions,) the place of the right item among all items, those of the history left out if wanted."""
    return np.concatenate([ranks(scores, truth) for scores, truth in scored(score, asked, without_history)])


def scored(score: Score, asked: Asked, without_history: bool) -> Iterator[tuple[Floats, Rows]]:
    """Yields scores (n, items) and the right items (n,), some questions at a time."""
    for start in range(0, len(asked), TOGETHER):
        numbers = np.arange(start, min(start + TOGETHER, len(asked)))
        histories = asked.histories.chosen(numbers)
        scores = score(histories)
        if without_history:
            # The right item stays in where somebody took it again.
            scores = scores.copy()
            kept = scores[np.arange(len(numbers)), asked.truth[numbers]]
            scores[histories.owners, histories.items] = _LOWEST
            scores[np.arange(len(numbers)), asked.truth[numbers]] = kept
        yield scores, asked.truth[numbers]
