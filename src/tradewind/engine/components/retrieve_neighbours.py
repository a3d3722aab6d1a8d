"""What is bought together with the things a person wants."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from tradewind.engine.filtering import hits_of
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class RetrieveNeighbours:
    """Adds the list `name`: co-purchases of the person's `seeds` strongest interests, `each` of every one.

    A candidate's score is the sum over seeds of the seed's share of the interest times the pair's share of the seed's
    strongest pair. The evidence of a row names the seed that gave most.
    """

    seeds: int
    each: int
    window: int
    name: str = "neighbours"

    def __call__(self, state: State[RecommendRequest]) -> State[RecommendRequest]:
        scores, strongest = _gather(state, self.seeds, self.each)
        ordered = sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
        hits = hits_of(state.view, ordered, state.request.filters, self.window)
        evidence: dict[int, dict[str, Any]] = {}
        for row in hits.rows.tolist():
            evidence[row] = {"item": strongest[state.view.item(row).id][1]}
        return state.with_list(self.name, hits, evidence)


def _gather(
    state: State[RecommendRequest], seeds: int, each: int
) -> tuple[dict[str, float], dict[str, tuple[float, str]]]:
    """Returns every candidate's score and its strongest seed, by item id."""
    view, profile = state.view, state.context.profile
    scores: dict[str, float] = {}
    strongest: dict[str, tuple[float, str]] = {}
    for seed, weight in islice(profile.weights.items() if profile else (), seeds):
        row = view.row_of(seed)
        pairs = view.together(row, each) if row is not None else None
        if pairs is None or not len(pairs.rows):
            continue
        for item, share in zip(view.items(pairs.rows.tolist()), pairs.scores / pairs.scores[0], strict=True):
            part = weight * float(share)
            scores[item.id] = scores.get(item.id, 0.0) + part
            strongest[item.id] = max(strongest.get(item.id, (0.0, "")), (part, seed))
    return scores, strongest
