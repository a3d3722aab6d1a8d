"""Judged queries: candidates with a grade each, split so that no query is on two sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.evaluation.ranking import ndcg_at_k

Grades = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query, its candidates' ids, and how well each answers it: 0 not at all, more is better."""

    query: str
    items: tuple[str, ...]
    grades: Grades

    def __post_init__(self) -> None:
        if len(self.items) != len(self.grades):
            raise DataError(f"{len(self.items)} candidates with {len(self.grades)} grades for {self.query!r}")

    def __len__(self) -> int:
        return len(self.items)

    def ndcg(self, scores: Floats, k: int = 10) -> float:
        """Returns nDCG@k, linear gain, of the candidates in the order of `scores` (n,), higher first; judged items
        alone are ranked, and of equal scores the one that stands first."""
        if len(scores) != len(self):
            raise DataError(f"{len(self)} candidates with {len(scores)} scores for {self.query!r}")
        order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")
        grades = {str(place): int(grade) for place, grade in enumerate(self.grades)}
        return ndcg_at_k([str(place) for place in order], grades, k)


def judged_queries(qrels: Mapping[str, Mapping[str, int]]) -> tuple[JudgedQuery, ...]:
    """Returns the queries of `qrels` (query → item → grade) in their order; one without candidates is left out."""
    return tuple(
        JudgedQuery(query, tuple(grades), np.array(list(grades.values()), dtype=np.int64))
        for query, grades in qrels.items()
        if grades
    )


def answerable(queries: Sequence[JudgedQuery], least: int) -> npt.NDArray[np.bool_]:
    """Returns for each query whether a candidate has the grade `least` or more: without one no order is better."""
    return np.array([int(query.grades.max(initial=-1)) >= least for query in queries], dtype=np.bool_)


def query_folds(queries: Sequence[JudgedQuery], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """Returns the fold of each query, in [0, folds): all candidates of a query are in one.

    Queries are shuffled by `seed`, ordered by whether anything answers them, and dealt out in turn, so that folds
    have as many of either. Raises DataError when there are fewer queries than folds.
    """
    if len(queries) < folds:
        raise DataError(f"{len(queries)} judged queries do not fill {folds} folds", hint="judge more queries")
    shuffled = np.random.default_rng(seed).permutation(len(queries))
    dealt = shuffled[np.argsort(~answerable(queries, 1)[shuffled], kind="stable")]
    fold = np.empty(len(queries), dtype=np.int64)
    fold[dealt] = np.arange(len(queries)) % folds
    return fold


def stacked(parts: Sequence[Floats]) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Returns the parts (one a query) one after another, and for each row the number of its query."""
    numbers = np.repeat(np.arange(len(parts), dtype=np.int64), [len(part) for part in parts])
    return np.concatenate(list(parts)), numbers
