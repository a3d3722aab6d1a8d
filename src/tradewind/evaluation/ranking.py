"""Metrics of one ranked list against graded judgments; means over queries stand in `runs`.

A grade above 0 is relevant; an item without a judgment counts as grade 0, as in trec_eval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def precision_at_k(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Returns the share of the first `k` places that hold a relevant item; places left empty count as wrong."""
    return sum(grades.get(item, 0) > 0 for item in ranking[:k]) / k


def recall_at_k(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Returns the share of the relevant items that stand in the first `k` places; 0 when nothing is relevant."""
    relevant = sum(grade > 0 for grade in grades.values())
    found = sum(grades.get(item, 0) > 0 for item in ranking[:k])
    return found / relevant if relevant else 0.0


def ndcg_at_k(ranking: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Returns DCG@k over the best DCG@k that any order of the judged items could have, in [0, 1].

    DCG@k = sum over places i = 1…k of grade_i / log2(i + 1): linear gain, base-2 discount (Järvelin and Kekäläinen,
    "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002, in the form trec_eval calls ndcg_cut).
    0 when nothing is relevant; a grade below 0 counts as 0.
    """
    ideal = sorted((max(grade, 0) for grade in grades.values()), reverse=True)
    best = _discounted(ideal[:k])
    return _discounted([max(grades.get(item, 0), 0) for item in ranking[:k]]) / best if best else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """Returns 1 / the place, counted from 1, of the first relevant item; 0 when there is none."""
    for place, item in enumerate(ranking, 1):
        if grades.get(item, 0) > 0:
            return 1.0 / place
    return 0.0


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, 1))
