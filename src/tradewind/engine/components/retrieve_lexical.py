"""Candidates whose words are the query's words."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class RetrieveLexical:
    """Adds the list `name`: the best `window` lexical matches that pass the filters.

    The window never depends on the page asked for, so that pages put together are one list. The list speaks for the
    share of the query's words that some item knows.
    """

    window: int
    name: str = "lexical"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        read = state.understanding
        found = state.view.lexical_units(read.units, self.window, state.request.filters)
        share = len(read.units) / max(1, len(read.units) + len(read.dropped))
        return replace(state.with_list(self.name, found), shares={**state.shares, self.name: share})
