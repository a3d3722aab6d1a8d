"""Scores of every item after a history, from one model or from two averaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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


def averaged(parts: Sequence[Score], weights: Floats) -> Score:
    """Returns the weighted mean of the parts' scores, each first brought to mean 0 and deviation 1 per history
    (EnsRec: arXiv 2512.17820): models trained apart score on scales of their own.

    `weights` are (parts,), or (parts, items) where items are weighed apart.
    """
    return lambda histories: _mixed([standard(part(histories)) for part in parts], weights)


def standard(scores: Floats) -> Floats:
    """Returns the scores (n, items), each row with mean 0 and deviation 1."""
    spread = scores.std(axis=1, keepdims=True)
    return np.asarray((scores - scores.mean(axis=1, keepdims=True)) / (spread + 1e-9), dtype=np.float32)


def places(score: Score, asked: Asked, *, without_history: bool) -> Rows:
    """Returns (questions,) the place of the right item among all items, those of the history left out if wanted."""
    found = [
        ranks(_without(score(some.histories), some) if without_history else score(some.histories), some.truth)
        for some in _parts(asked)
    ]
    return np.concatenate(found)


def places_by_weights(
    parts: Sequence[Score], weights: Sequence[Floats], asked: Asked, *, without_history: bool
) -> Rows:
    """Returns (weightings, questions): `places` of the parts averaged by each of `weights`, each part asked once."""
    found = []
    for some in _parts(asked):
        scores = [standard(part(some.histories)) for part in parts]
        mixed = (_mixed(scores, weighting) for weighting in weights)
        found.append([ranks(_without(one, some) if without_history else one, some.truth) for one in mixed])
    return np.concatenate(found, axis=1)


def _parts(asked: Asked) -> Iterator[Asked]:
    for start in range(0, len(asked), TOGETHER):
        numbers = np.arange(start, min(start + TOGETHER, len(asked)))
        yield Asked(asked.histories.chosen(numbers), asked.truth[numbers])


def _mixed(scores: Sequence[Floats], weights: Floats) -> Floats:
    mixed = np.zeros_like(scores[0])
    for one, weight in zip(scores, weights, strict=True):
        if np.any(weight):
            mixed += np.asarray(weight, dtype=np.float32) * one
    return mixed


def _without(scores: Floats, asked: Asked) -> Floats:
    """Returns the scores with the histories' items last, but for the right item where somebody took it again."""
    left, questions = scores.copy(), np.arange(len(asked))
    left[asked.histories.owners, asked.histories.items] = _LOWEST
    left[questions, asked.truth] = scores[questions, asked.truth]
    return left
