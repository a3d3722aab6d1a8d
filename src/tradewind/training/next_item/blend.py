"""Fits how much the sequence model, the household's own counts and popularity say, on baskets that none of them saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tradewind.data.features.basket_counts import FEATURES, ItemStatistics, household_features
from tradewind.runtime.blend import Blend, best, stacked
from tradewind.tasks.next_item import Questions, Trips
from tradewind.training.next_item.answers import ndcg_at_ten

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_NEW: Final = 100
"""Items never bought before that a question's own are compared with: the sequence model's best and the popular."""
_HIDDEN: Final = (32, 16)
_STARTS: Final = 3
_RATE: Final = 5e-3
_TOGETHER: Final = 32


@dataclass(frozen=True, slots=True)
class Choice:
    """One question's candidates: items bought before first (`features` are theirs), then new ones. `base` (c, 3) is
    what `Blend.base` weighs, `right` (c,) whether the basket held the item."""

    base: Floats
    features: Floats
    right: npt.NDArray[np.bool_]

    @property
    def before(self) -> int:
        """How many of the candidates were bought before."""
        return len(self.features)


def choices(trips: Trips, asked: Questions, scores: Iterator[Floats], statistics: ItemStatistics) -> Iterator[Choice]:
    """Yields the choice of every question for which the right answer is among the candidates."""
    popular = best(statistics.log_share, _NEW // 2)
    for household, basket, score in zip(asked.households.tolist(), asked.baskets.tolist(), scores, strict=True):
        found = _choice(trips, household, basket, score, statistics, popular)
        if found.right.any():
            yield found


def fit_blend(learned: Sequence[Choice], watched: Sequence[Choice], epochs: int, seed: int) -> Blend:
    """Returns the blend that ranks the right items of `learned` highest: the mean of a few, each from its own start and
    of the epoch that was best on `watched`.

    The loss is the softmax cross-entropy of a question's candidates (ListNet's top-one form; Cao et al., ICML 2007).
    """
    standard = _spread(learned)
    return mean_of([_fit(learned, watched, standard, (epochs, seed + start)) for start in range(_STARTS)])


def mean_of(blends: Sequence[Blend]) -> Blend:
    """Returns the one blend whose scores are the mean of the scores of `blends`, which share mean and spread."""
    first, *middle, last = (list(layers) for layers in zip(*(blend.layers for blend in blends), strict=True))
    share = np.float32(1.0 / len(blends))
    layers = [
        (np.concatenate([weight for weight, _ in first]), np.concatenate([bias for _, bias in first])),
        *((_diagonal([weight for weight, _ in layer]), np.concatenate([b for _, b in layer])) for layer in middle),
        (np.concatenate([w for w, _ in last], axis=1) * share, np.sum([b for _, b in last], axis=0) * share),
    ]
    base = np.mean([blend.base for blend in blends], axis=0)
    return Blend(base, blends[0].mean, blends[0].spread, tuple(layers))


def quality(blend: Blend, asked: Sequence[Choice]) -> float:
    """Returns the mean nDCG@10 of `blend` within the candidates of `asked`."""
    return float(np.mean([_quality(blend, choice) for choice in asked])) if asked else 0.0


def _fit(
    learned: Sequence[Choice], watched: Sequence[Choice], standard: tuple[Floats, Floats], plan: tuple[int, int]
) -> Blend:
    epochs, seed = plan
    torch.manual_seed(seed)
    network = _Network(standard)
    by_size = np.argsort([len(choice.right) for choice in learned], kind="stable")
    groups = [by_size[start : start + _TOGETHER] for start in range(0, len(by_size), _TOGETHER)]
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=max(epochs * len(groups), 2))
    random = np.random.default_rng(seed)
    kept, reached = network.blend(), -1.0
    for _ in range(epochs):
        for group in random.permutation(len(groups)):
            loss = network.loss([learned[place] for place in groups[group]])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        blend = network.blend()
        now = quality(blend, watched or learned)
        if now > reached:
            kept, reached = blend, now
    return kept


def _diagonal(weights: Sequence[Floats]) -> Floats:
    """Returns the weights down the diagonal of one matrix, zeros elsewhere: networks side by side that never meet."""
    rows, columns = (np.cumsum([0, *(weight.shape[axis] for weight in weights)]) for axis in (0, 1))
    whole = np.zeros((rows[-1], columns[-1]), dtype=np.float32)
    for place, weight in enumerate(weights):
        whole[rows[place] : rows[place + 1], columns[place] : columns[place + 1]] = weight
    return whole


def _quality(blend: Blend, choice: Choice) -> float:
    scores = choice.base @ blend.base
    sequence, share = choice.base[: choice.before, 0], choice.base[: choice.before, 1]
    scores[: choice.before] += blend.bought_before(choice.features, sequence, share)
    return ndcg_at_ten(best(scores, 10), np.flatnonzero(choice.right))


def _choice(
    trips: Trips, household: int, basket: int, score: Floats, statistics: ItemStatistics, popular: Rows
) -> Choice:
    items, features = household_features(trips.history(household, basket), statistics)
    likely = best(score, _NEW + len(items))
    likely = likely[np.isin(likely, items, invert=True)][:_NEW]
    new = np.union1d(likely, popular[np.isin(popular, items, invert=True)])
    candidates = np.concatenate([items, new])
    base = np.stack(
        [score[candidates], statistics.log_share[candidates], statistics.log_recent[candidates]], axis=1
    ).astype(np.float32)
    return Choice(base, features, np.isin(candidates, trips.truth(basket)))


def _spread(learned: Sequence[Choice]) -> tuple[Floats, Floats]:
    """Returns mean and deviation of what the network reads, summed question by question: all rows at once are large."""
    rows, total, squares = 0, np.zeros(len(FEATURES) + 2), np.zeros(len(FEATURES) + 2)
    for choice in learned:
        read = stacked(choice.features, choice.base[: choice.before, 0], choice.base[: choice.before, 1])
        rows += len(read)
        total += read.sum(axis=0, dtype=np.float64)
        squares += np.square(read, dtype=np.float64).sum(axis=0)
    mean = total / max(rows, 1)
    deviation = np.sqrt(np.maximum(squares / max(rows, 1) - mean**2, 0.0))
    return mean.astype(np.float32), (deviation + 1e-3).astype(np.float32)


class _Network(nn.Module):
    def __init__(self, standard: tuple[Floats, Floats]) -> None:
        super().__init__()
        self.mean, self.spread = (torch.from_numpy(value) for value in standard)
        self.base = nn.Parameter(torch.tensor([0.5, 0.2, 0.2]))
        sizes = (len(FEATURES) + 2, *_HIDDEN, 1)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))

    def loss(self, group: Sequence[Choice]) -> torch.Tensor:
        """Returns the mean over questions of −log of the softmax's share of each right candidate."""
        base = torch.from_numpy(np.concatenate([choice.base for choice in group]))
        features = torch.from_numpy(
            np.concatenate([stacked(c.features, c.base[: c.before, 0], c.base[: c.before, 1]) for c in group])
        )
        scores = base @ self.base
        sizes = [len(choice.right) for choice in group]
        opens = np.cumsum([0, *sizes[:-1]])
        own = np.concatenate([np.arange(a, a + c.before) for a, c in zip(opens, group, strict=True)])
        scores = scores.index_add(0, torch.from_numpy(own), self._network(features))
        right = torch.from_numpy(np.concatenate([choice.right for choice in group]))
        parts = zip(torch.split(scores, sizes), torch.split(right, sizes), strict=True)
        return torch.stack([-torch.log_softmax(score, 0)[hit].mean() for score, hit in parts]).mean()

    def blend(self) -> Blend:
        """Returns the weights as they stand."""
        layers = [(_copied(layer.weight), _copied(layer.bias)) for layer in self.layers]  # type: ignore[arg-type]
        return Blend(_copied(self.base), self.mean.numpy(), self.spread.numpy(), tuple(layers))

    def _network(self, features: torch.Tensor) -> torch.Tensor:
        hidden = (features - self.mean) / self.spread
        for layer in list(self.layers)[:-1]:
            hidden = torch.relu(layer(hidden))
        scores: torch.Tensor = self.layers[-1](hidden)[:, 0]
        return scores


def _copied(weight: torch.Tensor) -> Floats:
    return weight.detach().numpy().copy()
