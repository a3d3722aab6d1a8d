"""The task `rank` as the trainer sees it: query and item read as one text, a score out, by one of four losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax, mse_loss

from tradewind.models.bi_encoder import BiEncoder
from tradewind.tasks.rank.judged import JudgedQuery
from tradewind.training.rank.losses import listwise, pairwise, regression
from tradewind.training.supervised.task import Rows

RankLoss = Literal["regression", "classes", "pairwise", "listwise"]
_LOSSES: Final = {"regression": regression, "pairwise": pairwise, "listwise": listwise}
Outputs = Sequence[npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class RankTask:
    """Grades 0…`best` of candidates; examples are judged queries, `texts` what the model reads of each item.

    `classes` learns the probability of every grade and ranks by the expected one, the other losses learn a score.
    """

    texts: Mapping[str, str]
    criterion: RankLoss
    best: int = 3
    name: str = "rank"
    tokenwise: bool = False

    @property
    def outputs(self) -> int:
        """One number, or with `classes` one a grade."""
        return self.best + 1 if self.criterion == "classes" else 1

    def rows(self, examples: Sequence[JudgedQuery], encoder: BiEncoder) -> Rows:
        """Returns one row a candidate, those of a query in one group."""
        pairs = [(query.query, self.texts[item]) for query in examples for item in query.items]
        groups = np.repeat(np.arange(len(examples), dtype=np.int64), [len(query) for query in examples])
        grades = np.concatenate([query.grades for query in examples]) if examples else np.zeros(0, dtype=np.int64)
        ids = encoder.pair_tokens([query for query, _ in pairs], [text for _, text in pairs])
        return Rows(ids, {"grade": grades, "query": groups}, groups)

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Returns the mean loss of the criterion."""
        if self.criterion == "classes":
            return cross_entropy(outputs, targets["grade"])
        return _LOSSES[self.criterion](outputs[:, 0], targets["grade"], targets["query"])

    def divergence(
        self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Returns the symmetric Kullback-Leibler divergence of the grades, or the squared difference of scores."""
        if self.criterion != "classes":
            return mse_loss(first, second)
        a, b = log_softmax(first, dim=-1), log_softmax(second, dim=-1)
        there, back = (kl_div(x, y, reduction="batchmean", log_target=True) for x, y in ((a, b), (b, a)))
        return (there + back) / 2

    def figures(self, outputs: Outputs, examples: Sequence[JudgedQuery]) -> dict[str, float]:
        """Returns the mean nDCG@10 over queries that anything answers."""
        scores = self.scores(outputs, examples)
        found = [
            query.ndcg(mine) for query, mine in zip(examples, scores, strict=True) if query.grades.max(initial=0) > 0
        ]
        return {"nDCG@10": float(np.mean(found)) if found else 0.0}

    def scores(self, outputs: Outputs, examples: Sequence[JudgedQuery]) -> list[npt.NDArray[np.float64]]:
        """Returns the score of every candidate, (candidates,) a query; with `classes` Σ grade · p(grade)."""
        stacked = np.stack(outputs).astype(np.float64) if len(outputs) else np.zeros((0, self.outputs))
        if self.criterion == "classes":
            odds = np.exp(stacked - stacked.max(axis=1, keepdims=True))
            flat = odds @ np.arange(self.best + 1) / odds.sum(axis=1)
        else:
            flat = stacked[:, 0]
        return np.split(flat, np.cumsum([len(query) for query in examples])[:-1])
