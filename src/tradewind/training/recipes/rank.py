"""Learns how well texts answer a query with a cross-encoder, beside chance, BM25 and the untuned encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from tradewind.data.examples import Examples
from tradewind.errors import ConfigError, DataError
from tradewind.evaluation.bm25 import Bm25
from tradewind.models.bi_encoder import BiEncoder
from tradewind.tasks.estimators import options_of
from tradewind.tasks.rank.judged import JudgedQuery, answerable
from tradewind.training.rank.task import RankLoss, RankTask
from tradewind.training.supervised.recipe import Rows

LOSSES: Final[Mapping[str, RankLoss]] = {
    "regression": "regression",
    "graded": "classes",
    "pairwise": "pairwise",
    "listwise": "listwise",
}
Judged = tuple[JudgedQuery, ...]
METRIC: Final = "nDCG@10"


class RankRecipe:
    """Option: `loss`, one of `regression` (scores are grades), `graded` (a probability for every grade), `pairwise` and
    `listwise`. All candidates of a query are one list; figures are over the queries that anything answers."""

    augments: ClassVar = False
    """A changed query would be another query, with a single candidate."""

    def __init__(self, examples: Examples, options: Mapping[str, Any]) -> None:
        chosen = options_of(options, ("loss",), "rank")
        self._loss = str(chosen.get("loss", "listwise"))
        if self._loss not in LOSSES:
            raise ConfigError(f"rank has no loss {self._loss!r}", hint=f"known: {', '.join(LOSSES)}")
        self._queries, self._texts = examples.texts, examples.seconds
        self._grades = np.array(examples.targets, dtype=np.int64)

    def task(self, learned: Rows) -> RankTask:
        """Returns the task. Raises DataError when no query has candidates of different grades."""
        if not any(len(np.unique(query.grades)) > 1 for query in self.take(learned)):
            raise DataError("no query has candidates of different grades: nothing teaches an order")
        texts = {text: text for text in self._texts}
        return RankTask(texts, LOSSES[self._loss], best=int(self._grades.max()))

    def take(self, rows: Rows) -> Judged:
        """Returns the queries of those rows, each with its candidates; an item is its text."""
        held: dict[str, dict[str, int]] = {}
        for row in rows:
            held.setdefault(self._queries[row], {}).setdefault(self._texts[row], int(self._grades[row]))
        return tuple(
            JudgedQuery(query, tuple(found), np.array(list(found.values()), dtype=np.int64))
            for query, found in held.items()
        )

    def baselines(self, learned: Rows, tested: Rows, seed: int) -> dict[str, dict[str, float]]:
        """Returns chance and BM25 over the texts of all candidates."""
        queries = self.take(tested)
        random = np.random.default_rng(seed)
        texts = list(dict.fromkeys(self._texts))
        place = {text: number for number, text in enumerate(texts)}
        index = Bm25(texts)
        lexical = [index.scores(query.query)[[place[text] for text in query.items]] for query in queries]
        return {
            "random": {METRIC: mean_ndcg(queries, [random.random(len(query)) for query in queries])},
            "BM25": {METRIC: mean_ndcg(queries, lexical)},
        }

    def untuned(self, tested: Rows, encoder: BiEncoder) -> dict[str, float]:
        """Returns the figures of the cosine between query and text by the pretrained encoder."""
        queries = self.take(tested)
        texts = list(dict.fromkeys(text for query in queries for text in query.items))
        place = {text: number for number, text in enumerate(texts)}
        passages = encoder.encode(texts, "passage")
        asked = encoder.encode([query.query for query in queries], "query")
        cosines = [
            passages[[place[text] for text in query.items]] @ vector
            for query, vector in zip(queries, asked, strict=True)
        ]
        return {METRIC: mean_ndcg(queries, cosines)}

    def config(self) -> dict[str, Any]:
        """Returns the loss, by which the reader knows what outputs are."""
        return {"loss": self._loss}

    def notes(self, learned: Rows, tested: Rows) -> Sequence[str]:
        """Says how many queries there are, and how many of the tested ones nothing answers."""
        queries = self.take(tested)
        silent = int((~answerable(queries, 1)).sum())
        said = f"{len(self.take(learned))} queries learned, {len(queries)} tested"
        return [f"{said}, {silent} of them without an answer and in no figure." if silent else f"{said}."]


def mean_ndcg(queries: Judged, scores: Sequence[npt.NDArray[np.floating]]) -> float:
    """Returns the mean nDCG@10 over the queries that anything answers, 0 without one."""
    kept = answerable(queries, 1)
    found = [query.ndcg(mine) for query, mine, counts in zip(queries, scores, kept, strict=True) if counts]
    return float(np.mean(found)) if found else 0.0
