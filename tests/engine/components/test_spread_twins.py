from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradewind.engine.cache import BoundedCache
from tradewind.engine.components.spread_twins import SpreadTwins
from tradewind.engine.deadline import Deadline
from tradewind.engine.parts import Parts, Serving
from tradewind.engine.requests import RecommendRequest
from tradewind.engine.state import Context, State
from tradewind.index.hits import Hits


@dataclass(frozen=True)
class TenARow:
    """A view in which rows 0..9 read the same, and 10..19, and so on."""

    def text_of(self, rows: np.ndarray) -> np.ndarray:
        return rows // 10


def ranked(parts: Parts, rows: list[int], scores: list[float]) -> State[RecommendRequest]:
    context = Context(Serving(parts, TenARow()), Deadline.after(1000), None, BoundedCache(0))  # type: ignore[arg-type]
    return replace(State(RecommendRequest("trending"), context), ranked=Hits.of(rows, scores))


def test_the_third_twin_lets_a_nearly_as_good_other_text_pass(parts: Parts) -> None:
    state = ranked(parts, [0, 1, 2, 3, 10, 20], [1.0, 1.0, 1.0, 1.0, 0.9, 0.0])
    assert SpreadTwins(2, 10, 0.25)(state).ranked.rows.tolist() == [0, 1, 10, 2, 3, 20]


def test_it_lets_nothing_pass_that_is_much_worse(parts: Parts) -> None:
    state = ranked(parts, [0, 1, 2, 10, 20], [1.0, 1.0, 1.0, 0.3, 0.0])
    assert SpreadTwins(2, 10, 0.25)(state).ranked.rows.tolist() == [0, 1, 2, 10, 20]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 40), unique=True, max_size=30), st.integers(1, 12))
def test_nothing_is_lost_scores_stay_with_their_rows_and_the_tail_is_untouched(
    parts: Parts, rows: list[int], depth: int
) -> None:
    state = ranked(parts, rows, [float(-place) for place in range(len(rows))])
    spread = SpreadTwins(2, depth, 0.25)(state).ranked
    before = dict(zip(rows, state.ranked.scores.tolist(), strict=True))
    assert dict(zip(spread.rows.tolist(), spread.scores.tolist(), strict=True)) == before
    assert spread.rows.tolist()[depth:] == rows[depth:]
