"""The application as callers meet it: answers, headers, problems, pages."""

from __future__ import annotations

import orjson
import pytest

from tradewind.engine.requests import SearchRequest
from tradewind.service.schemas.replies import OneItem, RecommendAnswer, SearchAnswer, SuggestAnswer
from tradewind.testing.engine import check_engine


def test_the_body_of_a_search_is_the_engines_bytes_untouched(api) -> None:
    engine = api.client.app.state.service.engine
    for query in ("pizza", "洗发水", "🍕", "e\u0301clair", "a\u2028b"):
        answered = api.call("POST", "/v1/search", json={"query": query, "explain": True})
        asked = SearchRequest(query=query, explain=True, deadline_ms=10_000)
        assert answered.content == engine.search(asked).body


def test_what_varies_beside_the_answer_travels_in_headers(api) -> None:
    first = api.call("GET", "/v1/search?q=headers")
    second = api.call("GET", "/v1/search?q=headers")
    assert first.content == second.content
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert first.headers["x-generation"] == "tiny-1"
    assert first.headers["x-delta"] == "0"
    assert "total;dur=" in first.headers["server-timing"]
    assert first.headers["server-timing"].count("dur=") > 1
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_the_two_ways_to_ask_give_the_same_answer(api) -> None:
    body = {
        "query": "pizza",
        "k": 3,
        "offset": 1,
        "facets": ["brand", "price"],
        "filters": {"brand": ["Borealis", "Cirrus"], "category": ["Food"]},
        "price_min": 1,
        "price_max": 8,
        "in_stock": True,
        "sort": "price_asc",
        "explain": True,
    }
    address = (
        "/v1/search?q=pizza&k=3&offset=1&facets=brand,price&filter=brand:Borealis&filter=brand:Cirrus"
        "&filter=category:Food&price_min=1&price_max=8&in_stock=true&sort=price_asc&explain=true"
    )
    posted, got = api.call("POST", "/v1/search", json=body), api.call("GET", address)
    assert posted.status_code == got.status_code == 200
    assert posted.content == got.content
    assert posted.json()["total"] > 0


def test_answers_hold_what_the_contract_says(api) -> None:
    for path, model in (
        ("/v1/search?q=pizza&facets=brand,category,price&explain=true", SearchAnswer),
        ("/v1/search", SearchAnswer),
        ("/v1/suggest?q=pi", SuggestAnswer),
        ("/v1/recommend/similar?item=01&explain=true", RecommendAnswer),
        ("/v1/recommend/bought-together?item=01", RecommendAnswer),
        ("/v1/recommend/trending", RecommendAnswer),
        ("/v1/recommend/for-you", RecommendAnswer),
        ("/v1/items/01", OneItem),
    ):
        answered = api.call("GET", path)
        assert answered.status_code == 200, answered.text
        model.model_validate_json(answered.content)


def test_the_engine_keeps_what_the_service_builds_on(api) -> None:
    check_engine(api.client.app.state.service.engine, "01")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("abc-123.DEF_9", True), ("short", False), ("x" * 65, False), ("with space 1", False), ("ünïcode-12", False)],
)
def test_a_callers_request_id_is_kept_when_it_is_a_plain_word(api, given: str, kept: bool) -> None:
    answered = api.call("GET", "/v1/search?q=a", headers={"X-Request-Id": given.encode("utf-8")})
    assert (answered.headers["x-request-id"] == given) is kept


def problem_of(answered, status: int) -> dict:
    assert answered.status_code == status, answered.text
    assert answered.headers["content-type"] == "application/problem+json"
    found = orjson.loads(answered.content)
    assert found["status"] == status
    assert found["type"].startswith("urn:tradewind:problem:")
    assert found["instance"] == f"urn:tradewind:request:{answered.headers['x-request-id']}"
    return found


def test_a_page_of_a_million_is_refused_with_the_limit(api) -> None:
    for answered in (
        api.call("GET", "/v1/search?q=a&k=1000000"),
        api.call("POST", "/v1/search", json={"query": "a", "k": 1_000_000}),
    ):
        assert "100" in problem_of(answered, 422)["detail"]


def test_a_page_beyond_the_depth_says_how_deep_it_goes(api) -> None:
    answered = api.call("GET", "/v1/search?q=a&k=100&offset=901")
    assert "1000" in problem_of(answered, 422)["detail"]


def test_a_wrong_field_is_pointed_at_without_its_value(api) -> None:
    answered = api.call("POST", "/v1/search", json={"query": "a", "filters": {"brand": [17]}, "secret": "4111"})
    found = problem_of(answered, 422)
    assert {one["pointer"] for one in found["errors"]} == {"#/filters/brand/0", "#/secret"}
    assert "4111" not in answered.text
    assert problem_of(api.call("GET", "/v1/search?querry=a"), 422)["errors"][0]["parameter"] == "querry"


def test_a_filter_by_something_unknown_says_what_is_known(api) -> None:
    assert "brand" in problem_of(api.call("GET", "/v1/search?q=a&filter=colour:red"), 400)["detail"]


@pytest.mark.parametrize("written", ["brand", ":x", "brand:", " : "])
def test_a_filter_that_is_not_field_and_value_is_refused(api, written: str) -> None:
    problem_of(api.call("GET", "/v1/search", params={"q": "a", "filter": written}), 422)


def test_prices_the_wrong_way_round_are_refused(api) -> None:
    problem_of(api.call("GET", "/v1/search?q=a&price_min=5&price_max=1"), 422)
    problem_of(api.call("GET", "/v1/search?q=a&price_min=nan"), 422)
    problem_of(api.call("GET", "/v1/search?q=a&price_max=-1"), 422)


def test_a_surface_that_is_not_there_and_an_anchor_that_is_missing(api) -> None:
    problem_of(api.call("GET", "/v1/recommend/magic"), 422)
    problem_of(api.call("GET", "/v1/recommend/similar"), 400)
    problem_of(api.call("GET", "/v1/recommend/similar?item=nothing"), 404)
    problem_of(api.call("GET", "/v1/items/nothing"), 404)


def test_a_path_and_a_method_that_are_not_there(api) -> None:
    problem_of(api.call("GET", "/v2/nothing"), 404)
    problem_of(api.call("DELETE", "/v1/search"), 405)
    problem_of(api.call("TRACE", "/v1/search"), 405)


def test_no_interactive_documents_are_served(api) -> None:
    for path in ("/docs", "/redoc"):
        assert api.call("GET", path).status_code == 404
    assert api.call("GET", "/openapi.json").json()["openapi"].startswith("3.")


@pytest.mark.parametrize("written", ["0", "-5", "soon", "1e3", "60001", "٣", ""])
def test_a_deadline_that_is_none_is_refused(api, written: str) -> None:
    answered = api.call("GET", "/v1/search?q=a", headers={"X-Deadline-Ms": written.encode()})
    problem_of(answered, 400)


def test_an_answer_that_comes_too_late_is_not_worked_out(api, monkeypatch) -> None:
    monkeypatch.setattr("tradewind.service.context.RequestContext.milliseconds", lambda self: 51.0)
    monkeypatch.setattr("tradewind.engine.engine.Engine.search", lambda self, request: pytest.fail("was worked out"))
    answered = api.call("GET", "/v1/search?q=a", headers={"X-Deadline-Ms": "50"})
    assert problem_of(answered, 503)["type"].endswith("overloaded")
    assert answered.headers["retry-after"] == "1"


def test_the_engine_is_given_what_is_left_of_the_deadline(api, monkeypatch) -> None:
    engine, seen = api.client.app.state.service.engine, []
    real = engine.search
    monkeypatch.setattr(
        "tradewind.engine.engine.Engine.search", lambda self, request: seen.append(request) or real(request)
    )
    monkeypatch.setattr("tradewind.service.context.RequestContext.milliseconds", lambda self: 30.5)
    api.call("GET", "/v1/search?q=a", headers={"X-Deadline-Ms": "5000"})
    assert [request.deadline_ms for request in seen] == [4969]


def test_a_crash_is_a_problem_without_its_inside(api, monkeypatch, caplog) -> None:
    def crash(self, request):
        raise ZeroDivisionError("the query was pizza")

    monkeypatch.setattr("tradewind.engine.engine.Engine.search", crash)
    answered = api.call("GET", "/v1/search?q=pizza")
    assert "pizza" not in problem_of(answered, 500)["detail"]
    assert "pizza" not in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert answered.headers["x-request-id"] in caplog.text
    assert answered.headers["x-content-type-options"] == "nosniff"


def test_every_answer_has_the_security_headers(api) -> None:
    for path in ("/v1/search?q=a", "/v1/nothing", "/health/live", "/metrics", "/openapi.json"):
        headers = api.call("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"


def test_the_storefront_is_served_beside_the_api(api) -> None:
    page = api.client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src" in page.headers["content-security-policy"]
    assert "unsafe-eval" not in page.headers["content-security-policy"]


def test_a_page_of_another_origin_may_not_call_unless_the_shop_says_so(make_api) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    closed = make_api().client.options("/v1/search", headers=asked)
    assert "access-control-allow-origin" not in closed.headers
    opened = make_api(cors_origins=["https://shop.example"]).client.options("/v1/search", headers=asked)
    assert opened.headers["access-control-allow-origin"] == "https://shop.example"
