"""What sells most."""

from __future__ import annotations

from dataclasses import dataclass

from tradewind.engine.state import R, State


@dataclass(frozen=True, slots=True)
class RetrievePopular:
    """Adds the list `name`: the `window` most popular items that pass the filters."""

    window: int
    name: str = "popular"

    def __call__(self, state: State[R]) -> State[R]:
        return state.with_list(self.name, state.view.popular(self.window, state.request.filters))
