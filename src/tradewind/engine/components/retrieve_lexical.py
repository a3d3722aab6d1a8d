"""Candidates whose words are the query's words."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class RetrieveLexical:
    """Adds the list `name`: the best `window` lexical matches that pass the filters.

    The window never depends on the page asked for, so that pages put together are one list.
    """

    window: int
    name: str = "lexical"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        found = state.view.lexical_units(state.understanding.units, self.window, state.request.filters)
        return state.with_list(self.name, found)
