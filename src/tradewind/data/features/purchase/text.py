"""What an item's text says of somebody who may never have met it: how near it lies to what the person buys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.data.features.purchase.past import Floats, Ints, Past
from tradewind.data.features.taste import taste_vectors

HALF_LIFE_DAYS: Final = 60.0
SHARPNESS: Final = 20.0
"""exp(20 · (cosine − 1)): a text of cosine .95 counts about a third of the same text."""
NAMES: Final = ("text_affinity", "text_taste", "text_reach")


@dataclass(frozen=True, slots=True)
class Texts:
    """`of_key` (keys,) is the text of each key, a row of `vectors` (texts, d), unit vectors. `reach` (texts,) is how
    much everybody buys of this and like texts, log, made by `reach_of_texts` and carried with a model."""

    of_key: Ints
    vectors: npt.NDArray[np.float64]
    reach: Floats


def text_features(past: Past, texts: Texts) -> Floats:
    """Returns float64 (n, len(NAMES)): log of the decayed purchases of like texts, cosine of the item's text with the
    person's decayed mean, and the reach of like texts."""
    weights = 0.5 ** (past.age / HALF_LIFE_DAYS)
    mine = np.flatnonzero(past.person >= 0)
    mine = mine[np.argsort(past.person[mine], kind="stable")]
    bought, worth = texts.of_key[past.lines.keys[mine]], weights[mine]
    asked = texts.of_key[past.asked.keys]
    ends = np.searchsorted(past.person[mine], np.arange(past.everyone + 1))
    affinity, near = np.zeros(len(asked)), np.zeros(len(asked))
    for number, rows in enumerate(_rows_of(past.asker, past.everyone)):
        lines = slice(ends[number], ends[number + 1])
        known, place = np.unique(bought[lines], return_inverse=True)
        counts = np.bincount(place.reshape(-1), weights=worth[lines], minlength=len(known)).astype(np.float64)
        own = texts.vectors[known]
        taste = taste_vectors(np.zeros(len(known), dtype=np.int64), 1, counts, own)[0]
        wanted = texts.vectors[asked[rows]]
        affinity[rows], near[rows] = np.exp(SHARPNESS * (wanted @ own.T - 1.0)) @ counts, wanted @ taste
    return np.stack([np.log(0.01 + affinity), near, texts.reach[asked]], axis=1)


def reach_of_texts(past_keys: Ints, of_key: Ints, vectors: npt.NDArray[np.float64]) -> Floats:
    """Returns (texts,) log(1 + purchases of like texts) over everybody's lines of `past_keys` (lines,)."""
    counts = np.bincount(of_key[past_keys], minlength=len(vectors))
    known = np.flatnonzero(counts)
    likeness = np.exp(SHARPNESS * (vectors @ vectors[known].T - 1.0))
    return np.asarray(np.log1p(likeness @ counts[known]))


def _rows_of(groups: Ints, count: int) -> list[Ints]:
    """Returns, for each number below `count`, the places in `groups` that hold it."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.searchsorted(groups[order], np.arange(1, count)))
