"""One order out of several lists."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.state import R, State
from tradewind.index.fusion import reciprocal_rank


@dataclass(frozen=True, slots=True)
class Fuse:
    """Sets `ranked` to the reciprocal rank fusion of the lists named in `weights`, and `total` to how many it holds.

    Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual rank learning methods",
    SIGIR 2009: score(d) = sum over lists of weight / (smoothing + rank(d)), rank from 1. A list that is missing or
    empty counts for nothing, and one that speaks for a share of the query counts for that share of its weight. Items of
    the same text stand in popularity's order in every list, and so they do here.
    """

    weights: tuple[tuple[str, float], ...]
    smoothing: int = 60
    name: str = "fuse"

    def __call__(self, state: State[R]) -> State[R]:
        named = [(name, weight * state.shares.get(name, 1.0)) for name, weight in self.weights if name in state.lists]
        found = [(state.lists[name], weight) for name, weight in named if len(state.lists[name])]
        if not found:
            return state
        lists, weights = zip(*found, strict=True)
        fused = reciprocal_rank(list(lists), k=self.smoothing, weights=list(weights))
        return replace(state, ranked=fused, total=len(fused))
