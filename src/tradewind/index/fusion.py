"""Reciprocal rank fusion: several rankings become one without comparing their scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tradewind.index.hits import Hits


def reciprocal_rank(rankings: Sequence[Hits], k: float = 60.0, weights: Sequence[float] | None = None) -> Hits:
    """Returns every row of `rankings`, scored by the sum over rankings of weight / (k + rank), rank counting from 1.

    Cormack, Clarke and Buettcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods"
    (SIGIR 2009). A row that a ranking lacks gets nothing from it. Equal scores are ordered by the best rank the row has
    anywhere, then by the first ranking that gave it that rank, so the result does not depend on row numbers.
    """
    if weights is not None and len(weights) != len(rankings):
        raise ValueError(f"{len(rankings)} rankings need as many weights, not {len(weights)}")
    if not any(len(ranking) for ranking in rankings):
        return Hits.none()
    shares = [1.0] * len(rankings) if weights is None else weights
    ranks = np.concatenate([np.arange(1, len(ranking) + 1) for ranking in rankings])
    source = np.repeat(np.arange(len(rankings)), [len(ranking) for ranking in rankings])
    gains = np.repeat(np.asarray(shares, dtype=np.float64), [len(ranking) for ranking in rankings]) / (k + ranks)
    rows, where = np.unique(np.concatenate([ranking.rows for ranking in rankings]), return_inverse=True)
    scores = np.bincount(where, weights=gains, minlength=len(rows))
    first = np.full(len(rows), len(ranks) * (len(rankings) + 1), dtype=np.int64)
    np.minimum.at(first, where, ranks * len(rankings) + source)
    order = np.lexsort((rows, first, -scores))
    return Hits(rows[order].astype(np.int64), scores[order].astype(np.float32))
