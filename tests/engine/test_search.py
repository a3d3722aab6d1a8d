from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tradewind.engine.engine import Engine
from tradewind.engine.requests import SearchRequest
from tradewind.index.filters import Filters


def answer(engine: Engine, query: str, **more: Any) -> dict[str, Any]:
    return json.loads(engine.search(SearchRequest(query, **more)).body)


def ids(body: dict[str, Any]) -> list[str]:
    return [result["id"] for result in body["results"]]


def test_a_query_finds_its_kind_in_either_language(engine: Engine) -> None:
    for query in ("frozen pizza", "披萨", "cat food", "猫粮"):
        kinds = {result["category"][0] for result in answer(engine, query, k=8)["results"]}
        assert kinds == {"Frozen"} if "pizza" in query or query == "披萨" else {"Pets"}
