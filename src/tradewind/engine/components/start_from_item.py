"""The vector of the item that a recommendation starts from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tradewind.engine.encoding import encode_one
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class StartFromItem:
    """Sets `vector` to what the anchor is (`passage`) or to what goes with it (`together`).

    The index may hold no `together` vectors, and never one of an item added or changed while serving: then it is made
    from the item's text.
    """

    role: Literal["passage", "together"]
    name: str = "anchor"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        if state.anchor is None:
            return state
        indexed = bool(state.context.serving.parts.catalogue.facts["together"])
        stored = indexed and state.anchor < state.view.first_live
        if self.role == "together" and not stored:
            return replace(state, vector=encode_one(state.context, state.view.item(state.anchor).text, self.role))
        return replace(state, vector=state.view.vector_of(state.anchor, self.role))
