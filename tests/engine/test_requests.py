from __future__ import annotations

from typing import Any

import pytest

from tradewind.engine.requests import MAX_DEPTH, MAX_K, MAX_QUERY, RecommendRequest, SearchRequest
from tradewind.errors import NotFoundError, RequestError


@pytest.mark.parametrize(
    "wrong",
    [
        {"k": 0},
        {"k": 1_000_000},
        {"k": MAX_K + 1},
        {"offset": -1},
        {"offset": MAX_DEPTH - 9},
        {"sort": "cheapest"},
        {"deadline_ms": 0},
        {"facets": tuple(f"f{number}" for number in range(21))},
    ],
)
def test_a_search_that_cannot_be_served_says_which_field_is_wrong(wrong: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as told:
        SearchRequest("milk", **wrong)
    assert told.value.where in wrong


def test_a_query_of_100_kb_is_refused_and_the_longest_allowed_is_not() -> None:
    with pytest.raises(RequestError, match="too long"):
        SearchRequest("x" * 100_000)
    assert SearchRequest("x" * MAX_QUERY).k == 10


def test_an_unknown_surface_is_answered_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="bought-together"):
        RecommendRequest("clairvoyance")  # type: ignore[arg-type]


@pytest.mark.parametrize("surface", ["similar", "bought-together"])
def test_a_surface_that_starts_from_an_item_needs_one(surface: Any) -> None:
    with pytest.raises(RequestError, match="none is named"):
        RecommendRequest(surface)
    assert RecommendRequest(surface, item="a").item == "a"
