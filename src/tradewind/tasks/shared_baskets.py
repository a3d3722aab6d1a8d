"""Item-kNN over baskets: how often two texts were bought together, weighed against how often each is bought at all.

What has to be beaten by anything learned, and what answers beside it: counting knows nothing of an item that never
sold, and is hard to surpass on one that sells daily.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.tasks.baskets import Baskets
from tradewind.tasks.catalogue_texts import CatalogueTexts
from tradewind.tasks.scoring import Scorer

Rows = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]
LARGEST: Final = 120
"""Baskets of more texts are left out: a stock order says little about what goes together."""
_PAIRS_AT_ONCE: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class SharedBaskets:
    """Text t shares counts[starts[t]:starts[t + 1]] baskets with the texts of the same slice, each basket counted at
    its weight; `held` (texts,) is in how many baskets each stands, itself alone included."""

    texts: tuple[str, ...]
    starts: Rows
    others: Rows
    counts: Values
    held: Rows

    def of(self, text: int) -> slice:
        """Returns where the companions of a text number lie in `others` and `counts`."""
        return slice(int(self.starts[text]), int(self.starts[text + 1]))

    def known(self) -> frozenset[tuple[int, int]]:
        """Returns every ordered pair of different text numbers that shares a basket."""
        left = np.repeat(np.arange(len(self.texts)), np.diff(self.starts))
        return frozenset(zip(left.tolist(), self.others.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """How shared baskets become a score: c / ((n·m)^`power` + `shrink`), for c shared of n and m baskets.

    With `power` ½ and nothing shrunk this is the cosine of Sarwar et al. ("Item-based collaborative filtering", WWW
    2001); `shrink` holds back pairs that few baskets speak for (Dacrema et al., RecSys 2019).
    """

    power: float = 0.5
    shrink: float = 10.0


def shared_baskets(
    catalogue: CatalogueTexts, bought: Baskets, *, damping: float = 0.0, largest: int = LARGEST
) -> SharedBaskets:
    """Returns what the baskets of two to `largest` texts say; a text counts once a basket.

    A basket of s texts weighs s^−`damping`: with 0 a pair from a large basket is worth one from a small one, with 1 a
    basket's weight no longer grows with what is in it.
    """
    size, held = len(catalogue.texts), np.zeros(len(catalogue.texts), np.int64)
    keys: Rows = np.zeros(0, np.int64)
    counts: Values = np.zeros(0)
    for found, weights in _pairs(catalogue, bought, (damping, largest), held):
        keys, places = np.unique(np.concatenate([keys, found]), return_inverse=True)
        counts = np.bincount(places, weights=np.concatenate([counts, weights])).astype(np.float64)
    starts = np.searchsorted(keys, np.arange(size + 1) * size)
    return SharedBaskets(catalogue.texts, starts.astype(np.int64), keys % max(1, size), counts, held)


def by_baskets(shared: SharedBaskets, settings: Neighbourhood) -> Scorer:
    """Returns the scorer of item-kNN; what shares no basket with the question scores 0, so popularity ranks it."""
    number = {text: place for place, text in enumerate(shared.texts)}

    def score(questions: Sequence[str], answers: Sequence[str]) -> npt.NDArray[np.floating]:
        asked = np.array([number[text] for text in answers], dtype=np.int64)
        return np.stack([_row(shared, number[text], settings)[asked] for text in questions])

    return score


def _row(shared: SharedBaskets, text: int, settings: Neighbourhood) -> npt.NDArray[np.float64]:
    row = np.zeros(len(shared.texts))
    there = shared.of(text)
    others = shared.others[there]
    product = shared.held[text] * shared.held[others].astype(np.float64)
    row[others] = shared.counts[there] / (product**settings.power + settings.shrink)
    return row


def _pairs(
    catalogue: CatalogueTexts, bought: Baskets, weighing: tuple[float, int], held: Rows
) -> Iterator[tuple[Rows, Values]]:
    """Yields left * texts + right and the weight of the pairs of many baskets at a time; counts in `held` who stands
    in them."""
    (damping, largest), size = weighing, len(catalogue.texts)
    made, weights, waiting = list[Rows](), list[Values](), 0
    for rows in bought:
        texts = np.unique(catalogue.text_of[rows])
        held[texts] += 1
        if not 2 <= len(texts) <= largest:
            continue
        made.append((texts[:, None] * size + texts[None, :])[~np.eye(len(texts), dtype=bool)])
        weights.append(np.full(len(made[-1]), len(texts) ** -damping))
        waiting += len(made[-1])
        if waiting > _PAIRS_AT_ONCE:
            yield np.concatenate(made), np.concatenate(weights)
            made, weights, waiting = [], [], 0
    if made:
        yield np.concatenate(made), np.concatenate(weights)
