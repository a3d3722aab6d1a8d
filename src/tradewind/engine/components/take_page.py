"""The part of the answer that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.state import R, State
from tradewind.index.hits import Hits


@dataclass(frozen=True, slots=True)
class TakePage:
    """Sets `page` to the candidates from `offset` to `offset + k`; past the end it is empty."""

    name: str = "page"

    def __call__(self, state: State[R]) -> State[R]:
        wanted = slice(state.request.offset, state.request.offset + state.request.k)
        ranked = state.ranked
        return replace(state, page=Hits(rows=ranked.rows[wanted], scores=ranked.scores[wanted]))
