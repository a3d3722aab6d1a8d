"""The part of the answer that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.state import R, State
from tradewind.index.hits import Hits


@dataclass(frozen=True, slots=True)
class TakePage:
    """Sets `page`, and its `items`, to the candidates from `offset` to `offset + k`; past the end it is empty."""

    name: str = "page"

    def __call__(self, state: State[R]) -> State[R]:
        wanted = slice(state.request.offset, state.request.offset + state.request.k)
        page = Hits(rows=state.ranked.rows[wanted], scores=state.ranked.scores[wanted])
        return replace(state, page=page, items=tuple(state.view.items(page.rows.tolist())))
