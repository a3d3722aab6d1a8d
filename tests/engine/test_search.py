from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradewind.data.records import CATEGORY_SEPARATOR, Item
from tradewind.engine.engine import STANDARD, Engine
from tradewind.engine.requests import SearchRequest
from tradewind.errors import RequestError
from tradewind.index.filters import Filters

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
QUERIES = st.sampled_from(["frozen pizza", "cat", "披萨", "orange juice", "small", "shampo", "", "nothing like this"])
SORTS = st.sampled_from(["relevance", "price_asc", "price_desc", "popularity", "newest"])


def answer(engine: Engine, query: str, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(engine.search(SearchRequest(query, **more)).body)
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [result["id"] for result in body["results"]]


@pytest.mark.parametrize(
    ("query", "kind"), [("frozen pizza", "Frozen"), ("冷冻披萨", "Frozen"), ("cat food", "Pets"), ("猫粮", "Pets")]
)
def test_a_query_finds_its_kind_in_either_language(engine: Engine, query: str, kind: str) -> None:
    assert {result["category"][0] for result in answer(engine, query, k=8)["results"]} == {kind}


def test_a_misspelt_word_is_put_right_and_the_body_says_so(engine: Engine) -> None:
    body = answer(engine, "spagheti", k=5)
    assert body["corrections"] == [{"typed": "spagheti", "read_as": "spaghetti"}]
    assert {result["category"][1] for result in body["results"]} == {"Pasta"}
    assert {"code": "lexical_match", "terms": ["spaghetti"]} in body["results"][0]["why"]


def test_a_chinese_word_is_told_as_the_item_says_it(engine: Engine) -> None:
    body = answer(engine, "披萨")
    assert body["translations"] == [{"from": "披萨", "to": ["pizza"]}]
    why = body["results"][0]["why"]
    assert {"code": "lexical_match", "terms": ["pizza"]} in why
    assert {reason["code"] for reason in why} >= {"meaning"}


def test_a_word_that_nobody_knows_leaves_more_say_to_meaning(engine: Engine) -> None:
    known = engine.search(SearchRequest("small", explain=True))
    half = engine.search(SearchRequest("small zzqqy", explain=True))
    words = [reason for body in (known, half) for reason in json.loads(body.body)["results"][0]["why"]]
    assert json.loads(known.body)["results"][0]["score"] > json.loads(half.body)["results"][0]["score"]
    assert {reason["code"] for reason in words} >= {"lexical_match"}


def test_the_body_has_the_fields_of_the_api_and_no_identity_or_time(engine: Engine) -> None:
    body = answer(engine, "cat food", facets=("brand", "price"))
    assert set(body) == {
        *("query", "corrections", "translations", "total", "results", "facets", "personalised"),
        *("generation", "delta", "stage", "degraded"),
    }
    assert set(body["results"][0]) == {
        *("id", "score", "title", "category", "brand", "price", "currency", "price_derived"),
        *("availability", "attributes", "image", "why"),
    }
    assert (body["stage"], body["degraded"], body["personalised"]) == ("lexical+vector", [], False)


def test_identical_texts_stand_in_the_order_of_popularity(engine: Engine) -> None:
    view = engine.serving.view
    places: dict[str, list[float]] = {}
    for result in answer(engine, "shampoo", k=100)["results"]:
        popularity = float(view.popularity(np.asarray([view.row_of(result["id"])]))[0])
        places.setdefault(result["title"], []).append(popularity)
    assert places["Shampoo, small"][0] > 0
    assert all(found == sorted(found, reverse=True) for found in places.values())


def test_why_names_the_words_that_the_item_holds(engine: Engine) -> None:
    best = answer(engine, "frozen pizza")["results"][0]
    assert {"code": "lexical_match", "terms": ["frozen", "pizza"]} in best["why"]
    assert {"code": "meaning"} in best["why"]


def test_a_result_found_by_meaning_alone_claims_no_words(engine: Engine) -> None:
    only_meaning = [
        result for result in answer(engine, "cola", k=50)["results"] if not result["title"].startswith("Cola")
    ]
    assert only_meaning
    assert all({reason["code"] for reason in result["why"]} == {"meaning"} for result in only_meaning)


def test_explain_adds_each_lists_rank_and_score(engine: Engine) -> None:
    why = answer(engine, "frozen pizza", explain=True)["results"][0]["why"]
    assert all({"rank", "score"} <= set(reason) for reason in why)


def test_facets_and_total_speak_of_the_matching_set_and_not_of_the_page(engine: Engine) -> None:
    body = answer(engine, "frozen pizza", k=1, facets=("brand", "category", "price"))
    assert sum(entry["count"] for entry in body["facets"]["brand"]) == body["total"]
    assert set(body["facets"]["price"]) == {"min", "max"}
    every = answer(engine, "frozen pizza", k=100, facets=("price",))
    prices = [result["price"] for result in every["results"] if result["price"] is not None]
    assert every["facets"]["price"] == {"min": min(prices), "max": max(prices)}


def test_an_unknown_facet_or_filter_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(RequestError, match="colour"):
        answer(engine, "cat", facets=("colour",))
    with pytest.raises(RequestError, match="colour"):
        answer(engine, "cat", filters=Filters(terms={"colour": ("red",)}))


def test_an_empty_query_browses_a_category_by_popularity_and_counts_all_of_it(engine: Engine) -> None:
    body = answer(engine, "", filters=Filters(terms={"category": ("Drinks",)}), facets=("brand",), k=3)
    assert (body["total"], body["stage"]) == (18, "popular")
    assert sum(entry["count"] for entry in body["facets"]["brand"]) == 18
    assert ids(body)[0] == "cola-small-0"
    assert all(result["why"] == [{"code": "popular"}] for result in body["results"])


def test_only_emoji_browses_too_and_says_that_nothing_was_matched(engine: Engine) -> None:
    body = answer(engine, "🍕🍕🍕")
    assert (body["query"], body["stage"], len(body["results"])) == ("", "popular", 10)


def test_prices_sort_both_ways_with_unknown_ones_last(engine: Engine) -> None:
    for sort, reverse in (("price_asc", False), ("price_desc", True)):
        prices = [result["price"] for result in answer(engine, "", k=63, sort=sort)["results"]]
        known = [price for price in prices if price is not None]
        assert known == sorted(known, reverse=reverse) and prices[len(known) :] == [None] * 7


def test_newest_comes_first_when_asked(engine: Engine, shop_items: list[Item]) -> None:
    dates = {item.id: item.updated_at for item in shop_items}
    found = [dates[item] for item in ids(answer(engine, "pizza", k=20, sort="newest"))]
    assert found == sorted(found, reverse=True)  # type: ignore[type-var]


def test_a_deadline_of_five_milliseconds_answers_from_words_alone_and_says_so(engine: Engine, encoder: Any) -> None:
    reply = engine.search(SearchRequest("frozen pizza", deadline_ms=5))
    body = json.loads(reply.body)
    assert (body["stage"], body["degraded"]) == ("lexical", ["vector"])
    assert reply.degraded == ("vector",) and len(body["results"]) == 9 and encoder.calls == 0


def test_an_encoder_that_is_late_is_left_behind_and_the_answer_is_not_kept(engine: Engine, encoder: Any) -> None:

    encoder.before = lambda: time.sleep(0.4)
    started = time.perf_counter()
    reply = engine.search(SearchRequest("frozen pizza", deadline_ms=60))
    assert time.perf_counter() - started < 0.35
    assert (reply.degraded, reply.repeatable, reply.stage_answered) == (("vector",), False, "lexical")
    encoder.before = lambda: None
    again = engine.search(SearchRequest("frozen pizza", deadline_ms=5_000))
    assert (again.cache, again.degraded) == ("miss", ())


def test_an_encoder_that_fails_costs_the_answer_its_meaning_and_nothing_more(
    engine: Engine, encoder: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("frozen pizza is a secret")

    encoder.before = fail
    reply = engine.search(SearchRequest("frozen pizza"))
    assert reply.degraded == ("vector",) and len(json.loads(reply.body)["results"]) == 9
    assert "RuntimeError" in caplog.text and "secret" not in caplog.text


def test_without_a_pool_the_answer_is_the_same_bytes(open_engine: Callable[..., Engine], engine: Engine) -> None:
    alone = open_engine(settings=replace(STANDARD, threads=0))
    request = SearchRequest("frozen pizza", facets=("brand",))
    assert alone.search(request).body == engine.search(request).body


@MANY
@given(query=QUERIES, sort=SORTS, size=st.integers(1, 17))
def test_pages_put_together_are_the_one_big_page(engine: Engine, query: str, sort: str, size: int) -> None:
    whole = answer(engine, query, k=100, sort=sort)
    pages: list[dict[str, Any]] = []
    for offset in range(0, whole["total"], size):
        page = answer(engine, query, k=size, offset=offset, sort=sort)
        assert page["total"] == whole["total"]
        pages += page["results"]
    assert pages == whole["results"]
    assert len({result["id"] for result in pages}) == len(pages) == whole["total"]


@MANY
@given(
    query=QUERIES,
    brand=st.sampled_from([(), ("Harbour",), ("Meadow", "Summit"), ("Nobody",)]),
    category=st.sampled_from([(), ("Drinks",), (CATEGORY_SEPARATOR.join(("Drinks", "Soda")), "Pets")]),
    price=st.tuples(st.none() | st.floats(0, 9), st.none() | st.floats(0, 12)),
    in_stock=st.booleans(),
)
def test_every_result_passes_the_filters_and_browsing_finds_all_that_do(
    engine: Engine, shop_items: list[Item], query: str, brand: Any, category: Any, price: Any, in_stock: bool
) -> None:
    filters = Filters({"brand": brand, "category": category}, price[0], price[1], in_stock)

    def passes(item: Item) -> bool:
        path = CATEGORY_SEPARATOR.join(item.category)
        priced = item.price is not None or price == (None, None)
        return (
            (not brand or item.brand in brand)
            and (not category or any(path == c or path.startswith(c + CATEGORY_SEPARATOR) for c in category))
            and priced
            and (price[0] is None or (item.price or 0) >= price[0])
            and (price[1] is None or (item.price or 0) <= price[1])
            and (not in_stock or item.availability == "in_stock")
        )

    right = {item.id for item in shop_items if passes(item)}
    body = answer(engine, query, k=100, filters=filters)
    assert set(ids(body)) <= right
    if not body["query"]:
        assert set(ids(body)) == right and body["total"] == len(right)


@MANY
@given(st.text(st.characters(), max_size=80), st.booleans())
def test_no_text_in_any_script_makes_it_stumble(engine: Engine, text: str, explain: bool) -> None:
    body = answer(engine, text, explain=explain, facets=("brand",), k=5)
    assert len(body["results"]) <= 5
    engine.suggest(text)
