from __future__ import annotations

from dataclasses import replace

import pytest

from tradewind.engine.cache import BoundedCache
from tradewind.engine.components.fuse import Fuse
from tradewind.engine.deadline import Deadline
from tradewind.engine.parts import Parts, Serving
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import Context, State
from tradewind.index.hits import Hits


@pytest.fixture
def state(parts: Parts) -> State[SearchRequest]:
    serving = Serving(parts, parts.catalogue.view(None))  # type: ignore[arg-type]
    empty = State(SearchRequest("cat"), Context(serving, Deadline.after(1000), None, BoundedCache(0)))
    return empty.with_list("lexical", Hits.of([5, 6], [9.0, 8.0])).with_list("vector", Hits.of([7, 5], [0.9, 0.8]))


def test_what_both_lists_hold_comes_first_with_the_sum_of_its_parts(state: State[SearchRequest]) -> None:
    fused = Fuse((("lexical", 1.0), ("vector", 1.0)))(state)
    assert fused.ranked.rows.tolist() == [5, 7, 6] and fused.total == 3
    assert float(fused.ranked.scores[0]) == pytest.approx(1 / 61 + 1 / 62)


def test_a_list_that_speaks_for_half_of_the_query_counts_half(state: State[SearchRequest]) -> None:
    halved = Fuse((("lexical", 1.0), ("vector", 1.0)))(replace(state, shares={"lexical": 0.5}))
    assert float(halved.ranked.scores[0]) == pytest.approx(0.5 / 61 + 1 / 62)


def test_a_list_that_is_missing_or_has_no_weight_counts_for_nothing(state: State[SearchRequest]) -> None:
    assert Fuse((("vector", 1.0), ("own", 1.0)))(state).ranked.rows.tolist() == [7, 5]
    assert Fuse((("own", 1.0),))(state).total == 0
