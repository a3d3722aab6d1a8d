"""The order a shopper chose."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.ordering import by_chosen_order
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class Sort:
    """Puts the candidates in the request's order; what is equal in it keeps the order of relevance.

    What lacks the field comes last.
    """

    name: str = "sort"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        if state.request.sort == "relevance":
            return state
        return replace(state, ranked=by_chosen_order(state.view, state.ranked, state.request.sort))
