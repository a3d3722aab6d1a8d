"""What is bought together with the things a person wants."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from tradewind.engine.filtering import passing
from tradewind.engine.parts import Rows
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State
from tradewind.index.hits import Hits


@dataclass(frozen=True, slots=True)
class Pairs:
    """Co-purchases of several seeds: candidate rows, what each gives its candidate, and the seed's number."""

    rows: Rows
    parts: NDArray[np.float64]
    seeds: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RetrieveNeighbours:
    """Adds the list `name`: co-purchases of the person's `seeds` strongest interests, `each` of every one.

    A candidate's score is the sum over seeds of the seed's weight times the pair's share of the seed's strongest pair.
    The evidence of a row is the seed that gave it most.
    """

    seeds: int
    each: int
    window: int
    name: str = "neighbours"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        profile = state.context.profile
        wanted = list(islice(profile.weights.items() if profile else (), self.seeds))
        pairs = self._pairs(state, wanted)
        rows, where = np.unique(pairs.rows, return_inverse=True)
        scores = np.bincount(where, weights=pairs.parts, minlength=len(rows))
        order = np.lexsort((rows, -scores))
        hits = passing(state.view, Hits.of(rows[order], scores[order]), state.request.filters).top(self.window)
        given = _most_given(pairs)
        evidence = {row: {"item": wanted[given[row]][0]} for row in hits.rows.tolist()}
        return state.with_list(self.name, hits, evidence)

    def _pairs(self, state: State[RecommendRequest], wanted: list[tuple[str, float]]) -> Pairs:
        rows, parts, seeds = [np.empty(0, np.int64)], [np.empty(0)], [np.empty(0, np.int64)]
        for number, (item, weight) in enumerate(wanted):
            row = state.view.row_of(item)
            found = state.view.together(row, self.each) if row is not None else Hits.none()
            if len(found):
                rows.append(found.rows)
                parts.append(weight * (found.scores / found.scores[0]).astype(np.float64))
                seeds.append(np.full(len(found), number))
        return Pairs(np.concatenate(rows), np.concatenate(parts), np.concatenate(seeds))


def _most_given(pairs: Pairs) -> dict[int, int]:
    """Returns, by candidate row, the number of the seed that gives it most; of equal ones the stronger interest."""
    order = np.lexsort((-pairs.seeds, pairs.parts))
    return dict(zip(pairs.rows[order].tolist(), pairs.seeds[order].tolist(), strict=True))
