"""What the query's words mean in this catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class Understand:
    """Sets `understanding`: the words to search for, spelling put right, words that nobody knows dropped."""

    name: str = "understand"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        return replace(state, understanding=state.view.understand(state.request.query))
