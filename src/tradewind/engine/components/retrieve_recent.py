"""What this person looked at last."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.engine.filtering import hits_of
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class RetrieveRecent:
    """Adds the list `name`: items looked at, added or bought, newest first; the score falls as 1 / (1 + rank)."""

    window: int
    name: str = "recent"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        profile = state.context.profile
        if profile is None:
            return state
        scored = [(item, 1.0 / (1 + rank)) for rank, item in enumerate(profile.recent)]
        return state.with_list(self.name, hits_of(state.view, scored, state.request.filters, self.window))
