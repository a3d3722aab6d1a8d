"""An answer that is too short is filled with what sells."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State
from tradewind.index.hits import Hits


@dataclass(frozen=True, slots=True)
class Fill:
    """Puts the `window` most popular items that are not there yet behind the candidates, each with score 0."""

    window: int
    name: str = "popular"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        popular, ranked = state.view.popular(self.window, state.request.filters).rows, state.ranked
        new = popular[~np.isin(popular, ranked.rows)]
        behind = Hits(rows=new, scores=np.zeros(len(new), dtype=np.float32))
        filled = Hits(np.concatenate([ranked.rows, new]), np.concatenate([ranked.scores, behind.scores]))
        return replace(state.with_list(self.name, behind), ranked=filled, total=len(filled))
