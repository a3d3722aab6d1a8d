"""What was bought in the same baskets as the anchor."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.engine.filtering import passing
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class RetrieveBoughtWith:
    """Adds the list `name`: the anchor's `window` strongest co-purchases that pass the filters.

    The evidence of a row is the number of baskets that held both.
    """

    window: int
    name: str = "together"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        if state.anchor is None:
            return state
        found = state.view.together(state.anchor, self.window)
        counts = state.view.together_counts(state.anchor, self.window).tolist()
        shared = {row: {"count": count} for row, count in zip(found.rows.tolist(), counts, strict=True)}
        return state.with_list(self.name, passing(state.view, found, state.request.filters), shared)
