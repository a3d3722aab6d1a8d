"""What this person buys again and again."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.engine.filtering import hits_of, times_bought
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class RetrieveOwn:
    """Adds the list `name`: the person's own purchases by recency-decayed count, with how many times as evidence."""

    window: int
    name: str = "own"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        profile = state.context.profile
        if profile is None:
            return state
        hits = hits_of(state.view, profile.bought.items(), state.request.filters, self.window)
        return state.with_list(self.name, hits, times_bought(state.view, hits, profile))
