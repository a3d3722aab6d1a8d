"""Scores for judged queries from rankers that never saw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from tradewind.tasks.rank.judged import JudgedQuery, query_folds

Columns = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Fit = Callable[[Rows], Callable[[int], Columns]]
"""Learns from the queries of these numbers, and gives what scores the candidates of the query of another number."""


def out_of_fold(queries: Sequence[JudgedQuery], fit: Fit, *, folds: int, seed: int) -> list[Columns]:
    """Returns the scores (candidates,) of every query, by what `fit` learned from the other folds' queries.

    Within `fit` only those queries are known, so what it chooses by their grades is chosen without the fold's.
    """
    fold = query_folds(queries, folds, seed)
    found: list[Columns] = [np.empty(0)] * len(queries)
    for number in range(folds):
        score = fit(np.flatnonzero(fold != number).astype(np.int64))
        for place in np.flatnonzero(fold == number).tolist():
            found[place] = score(place)
    return found
