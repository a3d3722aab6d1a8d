"""How many items pass the filters."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class CountMatching:
    """Sets `total` to the number of items in the whole catalogue that pass the filters."""

    name: str = "matching"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        return replace(state, total=state.view.matching(state.request.filters))
