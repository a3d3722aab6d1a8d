"""The average of ids and text: what is averaged, with which weights, chosen on validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.tasks.next_item.sequences import TAIL, ndcg
from tradewind.training.next_item.items.answers import Score, averaged, places_by_weights
from tradewind.training.next_item.items.assess import (
    BOTH,
    CHANCE,
    IDS,
    LAST_ITEM,
    LIKENESS,
    NEIGHBOURS,
    POPULARITY,
    TEXT,
    Protocol,
)
from tradewind.training.next_item.items.baselines import by_chance, by_neighbours, by_popularity

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

MEMBERS: Final = (IDS, TEXT, LIKENESS)
FADES: Final = (0.3, 0.5, 0.7, 0.9)
TAIL_SHARES: Final = (0.0, 0.1, 0.2, 0.3)
_TEXTS: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0)
_LIKE: Final = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What validation decided: the weights of the `text` model and of `likeness` in the average, ids having the rest;
    the share of both models' weights that likeness gets for a `tail` item; how fast item-kNN forgets (`fade`)."""

    text: float = 0.0
    likeness: float = 0.0
    tail: float = 0.0
    fade: float = FADES[0]

    def weights(self, seen: Rows) -> Floats:
        """Returns the weights (3, items) of MEMBERS for items taken `seen` (items,) times where they were learned.

        An item never learned is placed by likeness alone: to both models it was nothing but a wrong answer. Each item's
        weights have the length 1, so that likeness alone is no louder than three parts that agree by chance only:
        otherwise a catalogue's new items would crowd out the rest.
        """
        over = np.where(seen == 0, 1.0, np.where(seen < TAIL, self.tail, 0.0))
        ids = 1.0 - self.text - self.likeness
        parts = [ids * (1 - over), self.text * (1 - over), self.likeness + over * (ids + self.text)]
        weights: Floats = np.array(parts, dtype=np.float32)
        weights /= np.linalg.norm(weights, axis=0)
        return weights


def choose(parts: Mapping[str, Score], validation: Protocol) -> Chosen:
    """Returns the choices with the best nDCG@10 on validation questions; `parts` has MEMBERS by name."""
    mixes = [Chosen(text, like) for text in _TEXTS for like in _LIKE if text + like <= 1.0]
    mix = _best(parts, validation, mixes)
    chosen = _best(parts, validation, [replace(mix, tail=share) for share in TAIL_SHARES])
    found = validation.reached({str(fade): by_neighbours(validation.learn, validation.items, fade) for fade in FADES})
    return replace(chosen, fade=float(max(found, key=lambda name: float(ndcg(found[name]).mean()))))


def methods(parts: Mapping[str, Score], protocol: Protocol, chosen: Chosen, seed: int) -> dict[str, Score]:
    """Returns every method by its name: what needs no training, the models, and the average put forward."""
    learn, items = protocol.learn, protocol.items
    return {
        CHANCE: by_chance(items, seed),
        POPULARITY: by_popularity(learn, items),
        LAST_ITEM: by_neighbours(learn, items, 0.0),
        NEIGHBOURS: by_neighbours(learn, items, chosen.fade),
        LIKENESS: parts[LIKENESS],
        IDS: parts[IDS],
        TEXT: parts[TEXT],
        BOTH: averaged([parts[name] for name in MEMBERS], chosen.weights(learn.purchases(items))),
    }


def _best(parts: Mapping[str, Score], validation: Protocol, among: list[Chosen]) -> Chosen:
    seen = validation.learn.purchases(validation.items)
    found = places_by_weights(
        [parts[name] for name in MEMBERS],
        [one.weights(seen) for one in among],
        validation.asked,
        without_history=validation.without_history,
    )
    return among[int(ndcg(found).mean(axis=1).argmax())]
