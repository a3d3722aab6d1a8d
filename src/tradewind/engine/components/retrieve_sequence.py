"""What a sequence model expects in the next basket."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.engine.filtering import hits_of
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class RetrieveSequence:
    """Adds the list `name`: the model's `window` best items that pass the filters.

    With filters it looks at the `depth` best of the model's vocabulary, so that they leave enough.
    Adds nothing when the generation has no sequence model or the person never bought anything.
    """

    window: int
    depth: int
    name: str = "sequence"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        model, profile = state.context.serving.parts.sequence, state.context.profile
        if model is None or profile is None or not profile.baskets:
            return state
        scored = model.top(profile.baskets, self.depth if state.request.filters else self.window)
        return state.with_list(self.name, hits_of(state.view, scored, state.request.filters, self.window))
