"""What must not be recommended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State
from tradewind.index.hits import Hits


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Takes the anchor itself, and what the person dismissed, out of the answer."""

    name: str = "leave_out"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        profile, ranked = state.context.profile, state.ranked
        gone = [state.view.row_of(item) for item in sorted(profile.dismissed)] if profile else []
        rows = [row for row in (*gone, state.anchor) if row is not None]
        if not rows:
            return state
        kept = ~np.isin(ranked.rows, np.asarray(rows, dtype=np.int64))
        left = Hits(rows=ranked.rows[kept], scores=ranked.scores[kept])
        return replace(state, ranked=left, total=len(left.rows))
