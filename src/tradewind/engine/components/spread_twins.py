"""Items that read the same must not fill the whole page."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tradewind.engine.state import R, State
from tradewind.index.hits import Hits


@dataclass(frozen=True, slots=True)
class SpreadTwins:
    """Within the first `depth` candidates, moves whatever comes after `most` items of the same text behind the others.

    Nothing is lost and the order is otherwise kept, so pages put together still are one list.
    """

    most: int
    depth: int
    name: str = "spread"

    def __call__(self, state: State[R]) -> State[R]:
        ranked: Hits = state.ranked
        seen: dict[int, int] = {}
        first: list[int] = []
        later: list[int] = []
        for position, text in enumerate(state.view.text_of(ranked.rows[: self.depth]).tolist()):
            seen[text] = seen.get(text, 0) + 1
            (first if seen[text] <= self.most else later).append(position)
        order = np.asarray([*first, *later, *range(len(first) + len(later), len(ranked))], dtype=np.int64)
        return replace(state, ranked=Hits(rows=ranked.rows[order], scores=ranked.scores[order]))
