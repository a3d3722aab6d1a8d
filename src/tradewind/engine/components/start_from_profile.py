"""The vector of what a person wants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from tradewind.engine.parts import Vector
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class StartFromProfile:
    """Sets `vector` to the unit mean of the vectors of the person's `seeds` strongest interests, by their weights."""

    seeds: int
    name: str = "profile"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        profile, view = state.context.profile, state.view
        wanted = islice(profile.weights.items() if profile else (), self.seeds)
        placed = [(row, weight) for item, weight in wanted if (row := view.row_of(item)) is not None]
        if not placed:
            return state
        vectors = np.stack([view.vector_of(row) for row, _ in placed])
        weights = np.asarray([weight for _, weight in placed], dtype=np.float32)
        return replace(state, vector=_unit(weights @ vectors))


def _unit(total: Vector) -> Vector | None:
    length = float(np.linalg.norm(total))
    return np.asarray(total / length, dtype=np.float32) if length > 0 else None
