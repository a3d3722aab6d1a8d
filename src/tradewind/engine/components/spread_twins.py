"""Items that read the same must not fill the whole page."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tradewind.engine.parts import Rows
from tradewind.engine.state import R, State
from tradewind.index.hits import Hits


@dataclass(frozen=True, slots=True)
class SpreadTwins:
    """Lets items of other texts come before the third, fourth, … item of one text, when they are nearly as good.

    Among the first `depth` candidates, an item that has `most` or more of its text before it is placed as if its score
    were lower, by `cost` of the span of scores for every one too many: the maximal marginal relevance of Carbonell and
    Goldstein ("The use of MMR, diversity-based reranking", SIGIR 1998) with identity of text as the similarity. Nothing
    is lost, and the scores shown stay those of retrieval.
    """

    most: int
    depth: int
    cost: float
    name: str = "spread"

    def __call__(self, state: State[R]) -> State[R]:
        ranked: Hits = state.ranked
        head, rest = ranked.top(self.depth), np.arange(min(self.depth, len(ranked)), len(ranked))
        if not len(head):
            return state
        scores = head.scores.astype(np.float64)
        surplus = np.maximum(0, _twins_before(state.view.text_of(head.rows)) + 1 - self.most)
        lowered = scores - self.cost * (scores.max() - scores.min()) * surplus
        order = np.concatenate([np.argsort(-lowered, kind="stable"), rest])
        return replace(state, ranked=Hits(rows=ranked.rows[order], scores=ranked.scores[order]))


def _twins_before(texts: Rows) -> NDArray[np.int64]:
    """Returns, for every place, how many earlier places hold the same text."""
    seen: dict[int, int] = {}
    before = np.zeros(len(texts), dtype=np.int64)
    for place, text in enumerate(texts.tolist()):
        before[place] = seen.get(text, 0)
        seen[text] = seen.get(text, 0) + 1
    return before
