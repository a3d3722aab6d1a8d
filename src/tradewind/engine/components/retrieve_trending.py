"""What sells more than it did."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.engine.state import R, State


@dataclass(frozen=True, slots=True)
class RetrieveTrending:
    """Adds the list `name`: the `window` items that rise most, of those that pass the filters."""

    window: int
    name: str = "trending"

    def __call__(self, state: State[R]) -> State[R]:
        return state.with_list(self.name, state.view.trending(self.window, state.request.filters))
