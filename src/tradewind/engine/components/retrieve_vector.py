"""Candidates that mean what the vector means."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.engine.state import R, State


@dataclass(frozen=True, slots=True)
class RetrieveVector:
    """Adds the list `name`: the `window` items nearest to `vector` that pass the filters; nothing without a vector."""

    window: int
    name: str = "vector"

    def __call__(self, state: State[R]) -> State[R]:
        if state.vector is None:
            return state
        return state.with_list(self.name, state.view.vector(state.vector, self.window, state.request.filters))
