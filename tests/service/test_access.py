"""Who may do what, over every operation that the OpenAPI document names; a route without a row here fails."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime

import pytest

from tradewind.data.records import Event, EventType
from tradewind.service.contract import pinned

WHEN = datetime(2026, 1, 5, 10, tzinfo=UTC)
EVENT = {"event_id": "m1", "type": "view", "time": "2026-01-05T10:00:00Z", "visitor": "visitor-0001", "item": "01"}

PUBLIC, SEARCH, EVENTS, JOBS, ADMIN = "public", "search", "events", "jobs", "admin"
JOB = "/v1/predict/jobs/{job_id}"
TAG = "/v1/users/me/profile/tags/{tag}"
ROWS: dict[tuple[str, str], tuple[str, bool, dict]] = {
    ("GET", "/v1/search"): (SEARCH, False, {"params": {"q": "pizza"}}),
    ("POST", "/v1/search"): (SEARCH, False, {"json": {"query": "pizza"}}),
    ("GET", "/v1/suggest"): (SEARCH, False, {"params": {"q": "pi"}}),
    ("GET", "/v1/recommend/{surface}"): (SEARCH, False, {"path": "/v1/recommend/for-you"}),
    ("POST", "/v1/recommend/{surface}"): (SEARCH, False, {"path": "/v1/recommend/next-basket", "json": {}}),
    ("POST", "/v1/predict/{estimator}"): (SEARCH, False, {"path": "/v1/predict/length", "json": {"texts": ["tea"]}}),
    ("POST", "/v1/predict/purchase"): (
        SEARCH,
        False,
        {"json": {"items": ["00"], "history": [{"item": "00", "time": "2026-01-05T10:00:00Z"}]}},
    ),
    ("POST", "/v1/predict/{estimator}/jobs"): (
        JOBS,
        False,
        {"path": "/v1/predict/length/jobs", "json": {"texts": ["a"]}},
    ),
    ("GET", JOB): (JOBS, False, {}),
    ("GET", f"{JOB}/result"): (JOBS, False, {}),
    ("DELETE", JOB): (JOBS, False, {}),
    ("GET", "/v1/items/{item_id}"): (SEARCH, False, {"path": "/v1/items/01"}),
    ("PUT", "/v1/items/{item_id}"): (ADMIN, False, {"path": "/v1/items/new", "json": {"title": "New"}}),
    ("PATCH", "/v1/items/{item_id}"): (ADMIN, False, {"path": "/v1/items/01", "json": {"price": 2}}),
    ("DELETE", "/v1/items/{item_id}"): (ADMIN, False, {"path": "/v1/items/02"}),
    ("POST", "/v1/items"): (ADMIN, False, {"json": {"removals": ["12"]}}),
    ("POST", "/v1/events"): (EVENTS, False, {"json": EVENT}),
    ("GET", "/v1/users/me/profile"): (SEARCH, True, {}),
    ("DELETE", TAG): (SEARCH, True, {"path": "/v1/users/me/profile/tags/brand:Borealis"}),
    ("PUT", TAG): (SEARCH, True, {"path": "/v1/users/me/profile/tags/brand:Borealis"}),
    ("GET", "/v1/users/me/consent"): (SEARCH, True, {}),
    ("PUT", "/v1/users/me/consent"): (SEARCH, True, {"json": {"personalise": True}}),
    ("GET", "/v1/users/me/export"): (SEARCH, True, {}),
    ("GET", "/metrics"): (PUBLIC, False, {}),
    ("GET", "/health/live"): (PUBLIC, False, {}),
    ("GET", "/health/ready"): (PUBLIC, False, {}),
}
"""Operation: the scope it needs, whether it needs a user token, and a request that is right."""
ANYBODY = ("/v1/search", "/v1/recommend/{surface}", "/v1/events", "/v1/predict/purchase")
"""Paths that take a user token and do without."""
TAKES_TOKEN = [row for row in ROWS if ROWS[row][1] or row[1] in ANYBODY]
KEYS = ("none", "search", "events", "jobs", "admin", "wrong", "revoked")


def operations(document: dict) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, found in document["paths"].items() for method in found}


def ask(api, operation: tuple[str, str], key: str, user: str | None, **more):
    method, path = operation
    request = dict(ROWS[operation][2])
    if path.startswith(JOB):
        made = api.call("POST", "/v1/predict/length/jobs", key="jobs", json={"texts": ["tea"]}).json()
        path = path.replace("{job_id}", made["id"])
    if path == TAG and user:
        pseudonym = remember(api, user, f"canary{user}", "31")
        store = api.client.app.state.service.store
        (store.delete_tag if method == "PUT" else store.restore_tag)(pseudonym, "brand:borealis")
    return api.call(method, request.pop("path", path), key=key, user=user, **(request | more))


def test_every_operation_of_the_document_has_a_row_and_every_row_an_operation(api) -> None:
    assert operations(json.loads(pinned())) == set(ROWS)
    assert operations(api.client.get("/openapi.json").json()) == set(ROWS)


def test_every_route_that_answers_is_in_the_document(api) -> None:
    document = api.client.get("/openapi.json").json()["paths"]
    plain = {re.sub(r":path}", "}", route.path) for route in api.client.app.routes if hasattr(route, "path")}
    assert plain - set(document) == {"/openapi.json", "/", "/static"}


@pytest.mark.parametrize("operation", ROWS, ids=" ".join)
def test_only_a_key_with_the_scope_passes(api, operation: tuple[str, str]) -> None:
    scope, needs_user, _ = ROWS[operation]
    api.keys["wrong"] = "tw_0123456789abcdef_0123456789abcdef0123456789abcdef"
    ring = api.client.app.state.service.keys
    key, api.keys["revoked"] = ring.create("gone", ["search", "events", "admin"])
    ring.revoke(key.id)
    for name in KEYS:
        answered = ask(api, operation, name, "somebody" if needs_user else None)
        if scope in (PUBLIC, name):
            assert answered.status_code in (200, 202, 204), f"{name}: {answered.text}"
        else:
            known = name in (SEARCH, EVENTS, JOBS, ADMIN)
            assert answered.status_code == (403 if known else 401), f"{name}: {answered.text}"
            assert answered.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("operation", TAKES_TOKEN, ids=" ".join)
def test_a_token_that_is_not_believed_opens_nothing_and_is_never_taken_for_nobody(api, sign, operation) -> None:
    scope = ROWS[operation][0]
    now = int(time.time())
    for wrong in (sign("u", exp=now - 1), sign("u", aud="x"), sign("u")[:-4] + "AAAA", "no.token.here"):
        answered = ask(api, operation, scope, None, headers={"X-User-Token": wrong})
        assert answered.status_code == 401, answered.text
        assert "user token" in answered.json()["detail"]


@pytest.mark.parametrize("operation", [row for row in ROWS if ROWS[row][1]], ids=" ".join)
def test_what_is_a_persons_own_needs_that_persons_token(api, operation) -> None:
    answered = ask(api, operation, "search", None)
    assert answered.status_code == 401
    assert answered.json()["type"].endswith("user-token-missing")


def remember(api, user: str, mark: str, item: str) -> str:
    store = api.client.app.state.service.store
    pseudonym = store.pseudonym(user, create=True)
    events = [
        Event(f"{mark}-{place}", EventType.PURCHASE, WHEN, pseudonym, item=item, query=mark, basket=f"{mark}-b{place}")
        for place in range(3)
    ]
    assert {outcome.status for outcome in store.append_events(events)} <= {"stored", "duplicate"}
    return pseudonym


@pytest.mark.parametrize("operation", ROWS, ids=" ".join)
def test_a_token_reaches_only_its_own_user(api, operation) -> None:
    """Somebody else's trail is nowhere in the answer, whatever the caller writes into the request."""
    scope, _, request = ROWS[operation]
    victim = remember(api, "victim", "canaryvictim", "11")
    remember(api, "caller", "canarycaller", "31")
    before = api.client.app.state.service.store.export_user(victim)
    tries = [{}]
    for name in ("user", "user_id", "sub", "pseudonym"):
        for value in ("victim", victim):
            tries.append({"params": {**request.get("params", {}), name: value}})
            if isinstance(request.get("json"), dict):
                tries.append({"json": {**request["json"], name: value}})
    headers = {"X-User": "victim", "X-User-Id": victim, "Cookie": f"user={victim}"}
    for more in [*tries, {"headers": headers}]:
        answered = ask(api, operation, scope, "caller", **more)
        assert answered.status_code < 500
        assert victim not in answered.text
        assert "canaryvictim" not in answered.text
        assert "victim" not in answered.text.replace(str(answered.url), "")
    assert api.client.app.state.service.store.export_user(victim) == before


def test_a_users_own_trail_is_in_the_users_own_answers(api) -> None:
    """The control of the test above: with the right token the mark is found."""
    remember(api, "victim", "canaryvictim", "11")
    assert "canaryvictim" in api.call("GET", "/v1/users/me/export", user="victim").text
    assert api.call("GET", "/v1/recommend/for-you", user="victim").json()["personalised"] is True
    assert api.call("GET", "/v1/recommend/for-you").json()["personalised"] is False


def test_the_same_key_is_taken_as_a_bearer_and_as_a_header(api) -> None:
    key = api.keys["search"]
    for headers in ({"Authorization": f"Bearer {key}"}, {"Authorization": f"bearer  {key}"}, {"X-Api-Key": key}):
        assert api.client.get("/v1/suggest?q=a", headers=headers).status_code == 200
    for headers in ({"Authorization": f"Basic {key}"}, {"Authorization": key}, {"Authorization": "Bearer"}, {}):
        answered = api.client.get("/v1/suggest?q=a", headers=headers)
        assert answered.status_code == 401
        assert answered.headers["www-authenticate"] == "Bearer"


def test_a_shop_without_token_keys_takes_no_tokens(make_api) -> None:
    api = make_api(user_tokens={})
    answered = api.call("GET", "/v1/users/me/profile", user="u")
    assert answered.status_code == 401
    assert "takes no user tokens" in answered.json()["detail"]


def test_a_rate_is_told_with_429_and_when_to_come_again(make_api) -> None:
    api = make_api(rate_per_second=2)
    answers = [api.call("GET", "/v1/suggest?q=a") for _ in range(4)]
    assert [answer.status_code for answer in answers].count(429) >= 1
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["type"].endswith("rate-limited")
