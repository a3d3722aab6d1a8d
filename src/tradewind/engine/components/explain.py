"""Why each result is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tradewind.engine.parts import Rows
from tradewind.engine.state import R, State
from tradewind.index.hits import Hits


@dataclass(frozen=True, slots=True)
class Explain:
    """Sets `why` for the page: one reason for every list that holds the row, with the list's evidence.

    `codes` pairs a list's name with the word for it, in the order the reasons are given. A request with `explain` also
    gets the row's rank (from 0) and score in that list. A reason is never made up: a list that did not find the row
    gives none.
    """

    codes: tuple[tuple[str, str], ...]
    name: str = "explain"

    def __call__(self, state: State[R]) -> State[R]:
        wanted = state.page.rows
        ranks = {name: _ranks(state.lists[name], wanted) for name, _ in self.codes if name in state.lists}
        why = {row: tuple(self._reasons(state, row, ranks)) for row in wanted.tolist()}
        return replace(state, why=why)

    def _reasons(self, state: State[R], row: int, ranks: Mapping[str, Mapping[int, int]]) -> list[dict[str, Any]]:
        reasons = []
        for name, code in self.codes:
            rank = ranks.get(name, {}).get(row)
            if rank is None:
                continue
            reason: dict[str, Any] = {"code": code, **state.evidence.get(name, {}).get(row, {})}
            if state.request.explain:
                reason |= {"rank": rank, "score": round(float(state.lists[name].scores[rank]), 6)}
            reasons.append(reason)
        return reasons


def _ranks(hits: Hits, wanted: Rows) -> dict[int, int]:
    rows = set(wanted.tolist())
    return {row: place for place, row in enumerate(hits.rows.tolist()) if row in rows}
