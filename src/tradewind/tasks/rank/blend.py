"""Three scores and two numbers: what is left to learn when a few hundred queries are judged.

A candidate's score is its cosine to the query, smoothed over the candidates that resemble it, and how well its words
answer those of the query, taken one by one:

    (1 − β) · cos + β · Σ_j w_ij · cos_j + γ · words

Smoothing lets alike items vouch for one another (Diaz, "Regularizing ad hoc retrieval scores", CIKM 2005); matching
word by word keeps a rare word from being lost in the mean of a text (the late interaction of Khattab and Zaharia,
"ColBERT", SIGIR 2020, over vectors of single words). β and γ come from a small grid, by nDCG on the training queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.tasks.rank.judged import JudgedQuery

Floats = npt.NDArray[np.floating]
Columns = npt.NDArray[np.float64]
SMOOTHING: Final = (0.0, 0.2, 0.3, 0.4)
WORDS: Final = (0.0, 0.2, 0.3, 0.4)
_NEAR: Final = 0.1
"""How fast a neighbour's say falls with its distance: by e for each tenth of cosine."""


@dataclass(frozen=True, slots=True)
class BlendInputs:
    """One query's candidates: their cosine to it, the same smoothed, and their score word by word, (n,) each."""

    cosine: Columns
    smoothed: Columns
    words: Columns

    @property
    def alone(self) -> Columns:
        """The cosine with nothing added."""
        return self.cosine


@dataclass(frozen=True, slots=True)
class Blend:
    """β and γ of the formula above."""

    smoothing: float = 0.0
    words: float = 0.0

    def scores(self, inputs: BlendInputs) -> Columns:
        """Returns (n,) scores, to be compared within one query only."""
        kept = (1.0 - self.smoothing) * inputs.cosine + self.smoothing * inputs.smoothed
        return np.asarray(kept + self.words * inputs.words)


def fit_blend(queries: Sequence[JudgedQuery], inputs: Sequence[BlendInputs], cut: int = 10) -> Blend:
    """Returns the blend with the highest mean nDCG@`cut` over queries whose grades differ; of equals the plainest.

    Raises DataError when there is no such query.
    """
    kept = [place for place, query in enumerate(queries) if len(np.unique(query.grades)) > 1]
    if not kept:
        raise DataError("no query has candidates of different grades: nothing teaches an order")

    def reached(blend: Blend) -> float:
        return float(np.mean([queries[place].ndcg(blend.scores(inputs[place]), cut) for place in kept]))

    return max((Blend(smoothing, words) for smoothing, words in product(SMOOTHING, WORDS)), key=reached)


def smoothed(scores: Floats, vectors: Floats) -> Columns:
    """Returns for each candidate the mean of the others' `scores` (n,), weighed by exp((cos − 1) / 0.1) of their unit
    `vectors` (n, d); a candidate without others keeps its own."""
    own = np.asarray(scores, dtype=np.float64)
    if len(own) < 2:
        return own
    weights = np.exp((np.asarray(vectors @ vectors.T, dtype=np.float64) - 1.0) / _NEAR)
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights @ own / weights.sum(axis=1))
