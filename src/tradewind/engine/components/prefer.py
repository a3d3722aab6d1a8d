"""The first list that found something."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.state import R, State


@dataclass(frozen=True, slots=True)
class Prefer:
    """Sets `ranked` to the first list of `names` that is there and not empty, with that list's own scores."""

    names: tuple[str, ...]
    name: str = "prefer"

    def __call__(self, state: State[R]) -> State[R]:
        for name in self.names:
            hits = state.lists.get(name)
            if hits is not None and len(hits.rows):
                return replace(state, ranked=hits, total=len(hits.rows))
        return state
