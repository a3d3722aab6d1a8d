"""Words and bodies that are meant to break something: every one gets an answer or a clean refusal, never a crash."""

from __future__ import annotations

import gzip
import json
import re
import time
from urllib.parse import quote

import pytest

from tradewind.service.contract import pinned

EVENT = {"event_id": "h1", "type": "view", "time": "2026-01-05T10:00:00Z", "visitor": "visitor-0001", "item": "01"}
WORDS = {
    "emoji only": "🍕🎉👩‍👩‍👧",
    "NUL": "pi\x00zza",
    "control": "\x01\x02\x1b[31m\x7f",
    "newlines": "a\r\nSet-Cookie: x=1\r\n\r\nb",
    "right to left": "\u202ezzip\u202c",
    "zero width": "p\u200bi\u200dz\ufeffza",
    "combining": "e" + "\u0301" * 400,
    "noncharacters": "\uffff\ufffe\U0010ffff",
    "unassigned": "\u0378\U000e0fff",
    "full width": "ｆｒｏｚｅｎ　ｐｉｚｚａ",
    "spaces": " \t\u00a0\u3000 ",
    "empty": "",
    "long word": "x" * 64_000,
    "long text": "ab " * 34_000,
    "at the limit": "界" * 1_000,
    "query syntax": '+title:* AND (NOT "" OR [a TO *] ^9 ~2 \\ && || !)',
    "open quote": '"pizza',
    "regex": "^(a+)+$" + "a" * 900,
    "sql": "'; DROP TABLE items; --",
    "html": "<script>alert(1)</script>",
    "format": "{0.__class__} %s %n ${jndi:ldap://x}",
    "path": "../../../../etc/passwd",
    "huge number": "1e309",
    "digits": "9" * 900,
    "han": "冷冻披萨" * 200,
    "separators": " > > > ",
}


def is_clean(answered) -> None:
    assert answered.status_code < 500, answered.text[:300]
    answered.content.decode("utf-8")
    if answered.status_code >= 400:
        assert answered.headers["content-type"] == "application/problem+json", answered.text[:300]
        assert len(answered.content) < 20_000
        json.loads(answered.content)


def bodies(word: str) -> list[tuple[str, str, object]]:
    event = {**EVENT, "event_id": f"h-{abs(hash(word))}"}
    return [
        ("POST", "/v1/search", {"query": word}),
        ("POST", "/v1/search", {"query": "a", "filters": {"brand": [word]}}),
        ("POST", "/v1/search", {"query": "a", "filters": {word: ["a"]}}),
        ("POST", "/v1/search", {"query": "a", "facets": [word]}),
        ("POST", "/v1/search", {"query": "a", "sort": word}),
        ("POST", "/v1/search", {word: word}),
        ("POST", "/v1/recommend/similar", {"item": word}),
        ("POST", "/v1/items", {"removals": [word]}),
        ("POST", "/v1/items", {"upserts": [{"id": word, "title": word}]}),
        ("POST", "/v1/items", {"upserts": [{"id": "h", "title": "t", "brand": word, "attributes": {word: word}}]}),
        ("POST", "/v1/items", {"upserts": [{"id": "h", "title": "t", "category": [word, word], "image": word}]}),
        ("PUT", "/v1/items/h", {"title": word, "brand": word, "language": word}),
        ("PATCH", "/v1/items/01", {"attributes": {word: word}, "updated_at": word}),
        ("PUT", "/v1/users/me/consent", {"personalise": word}),
        ("POST", "/v1/predict/h", {"texts": [word], "k": word}),
        ("POST", "/v1/predict/purchase", {"items": [word], "history": [{"item": word, "time": word}], "at": word}),
        ("POST", "/v1/predict/purchase", {"items": [word], "history": [{"item": word, "time": EVENT["time"]}]}),
        ("POST", "/v1/predict/length/jobs", {"texts": [word, word], "k": word}),
        ("POST", "/v1/predict/length/jobs", {"texts": [word, word]}),
        *(("POST", "/v1/events", {**event, field: word}) for field in EVENT if field != "type"),
        *(("POST", "/v1/events", {**event, field: word}) for field in ("query", "basket", "request_id", "value")),
        ("POST", "/v1/events", {"events": [{**event, "query": word}, word, {word: word}]}),
    ]


def key_for(path: str) -> str:
    if path.endswith("/jobs"):
        return "jobs"
    return "admin" if path.startswith("/v1/items") else "events" if path == "/v1/events" else "search"


def test_no_operation_that_takes_a_body_is_left_out() -> None:
    tried = {(method, re.sub("/(similar|h|01|length)(?=/jobs$|$)", "/{}", path)) for method, path, _ in bodies("x")}
    document = json.loads(pinned())["paths"]
    takes = {
        (m.upper(), re.sub("{.*}", "{}", p))
        for p, found in document.items()
        for m in found
        if "requestBody" in found[m]
    }
    assert takes == tried


@pytest.mark.parametrize("name", WORDS)
def test_every_field_of_every_body_takes_any_word(api, name: str) -> None:
    for method, path, body in bodies(WORDS[name]):
        is_clean(api.call(method, path, key=key_for(path), user="u", json=body))
    is_clean(api.call("GET", "/v1/search?q=pizza&facets=brand,size"))


@pytest.mark.parametrize("name", WORDS)
def test_every_parameter_and_every_path_takes_any_word(api, name: str) -> None:
    word = WORDS[name][:4_000]
    for parameter in ("q", "k", "offset", "facets", "filter", "sort", "price_min", "in_stock", "explain", "item", word):
        is_clean(api.call("GET", "/v1/search", params={parameter: word}))
        is_clean(api.call("GET", "/v1/recommend/for-you", params={parameter: word}))
        is_clean(api.call("GET", "/v1/suggest", params={parameter: word}))
    for path in ("/v1/items/", "/v1/recommend/", "/v1/", "/static/", "/"):
        is_clean(api.call("GET", path + quote(word[:2_000], safe="")))


@pytest.mark.parametrize("name", WORDS)
def test_every_header_takes_any_word(api, name: str) -> None:
    raw = WORDS[name].replace("\r", "").replace("\n", "").replace("\x00", "").encode("utf-8")[:4_000].strip()
    names = ("X-Api-Key", "Authorization", "X-User-Token", "X-Request-Id", "X-Deadline-Ms", "Content-Type", "Origin")
    for header in names:
        is_clean(api.call("POST", "/v1/search", headers={header: raw}, content=b'{"query": "a"}'))


def test_a_query_of_100_kb_is_told_how_long_it_may_be(api) -> None:
    long = "frozen pizza " * 8_000
    answered = api.call("POST", "/v1/search", json={"query": long})
    assert answered.status_code == 422
    assert "1000 characters" in answered.json()["detail"]


def test_lone_surrogates_are_refused_wherever_text_goes(api) -> None:
    for body in (
        '{"query": "\\ud800"}',
        '{"query": "a\\udfffb"}',
        '{"query": "a", "filters": {"brand": ["\\ud800"]}}',
        '{"query": "a", "filters": {"\\ud800": ["x"]}}',
        '{"\\ud800": 1}',
        '{"query": "a", "sort": "\\ud800"}',
    ):
        answered = api.call("POST", "/v1/search", content=body.encode(), headers={"Content-Type": "application/json"})
        is_clean(answered)
        assert 400 <= answered.status_code < 500, body


def test_a_nul_in_one_event_does_not_cost_the_others(api) -> None:
    batch = [{**EVENT, "event_id": "bad", "query": "a\x00b"}, {**EVENT, "event_id": "good"}, {"event_id": "\x00"}]
    answered = api.call("POST", "/v1/events", key="events", json={"events": batch})
    is_clean(answered)
    assert [one["status"] for one in answered.json()["events"]] == ["rejected", "stored", "rejected"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"17",
        b"[" * 100_000,
        b'{"query":' * 5_000,
        b'{"query": ' + b"[" * 1_000 + b"]" * 1_000 + b"}",
        b'{"query": "a", "k": ' + b"9" * 10_000 + b"}",
        b'{"query": "a", "price_min": NaN}',
        b'{"query": "a", "price_min": 1e999}',
        b'{"query": "a", "price_max": -Infinity}',
        b'{"query": "\xff\xfe"}',
        b"\xff\xfe{\x00}\x00",
        b'{"query": "a", "query": 3}',
        b'{"query": "a"} trailing',
        b'{"filters": ' + json.dumps({f"f{n}": ["x"] for n in range(500)}).encode() + b"}",
        b'{"filters": {"brand": ' + json.dumps(["x"] * 100_000).encode() + b"}}",
    ],
)
def test_a_body_that_is_no_request_is_refused_quickly(api, body: bytes) -> None:
    for method, path in (
        ("POST", "/v1/search"),
        ("POST", "/v1/events"),
        ("POST", "/v1/items"),
        ("PUT", "/v1/items/x"),
        ("PUT", "/v1/users/me/consent"),
        ("POST", "/v1/recommend/for-you"),
        ("POST", "/v1/predict/length/jobs"),
    ):
        key = key_for(path)
        started = time.perf_counter()
        answered = api.call(method, path, key=key, user="u", content=body, headers={"Content-Type": "application/json"})
        is_clean(answered)
        assert time.perf_counter() - started < 2
        assert answered.status_code >= 400 or body == b'{"query": "a", "query": 3}', path


def test_a_body_of_ten_megabytes_is_refused_as_too_large(api) -> None:
    huge = b'{"query": "' + b"x" * 10_000_000 + b'"}'
    for path in ("/v1/search", "/v1/events", "/v1/nothing"):
        answered = api.call("POST", path, content=huge)
        is_clean(answered)
        assert answered.status_code == 413
        assert "1000000 bytes" in answered.json()["detail"]


def test_a_body_that_does_not_say_its_length_is_counted_as_it_comes(api) -> None:
    def pieces():
        for _ in range(40):
            yield b"x" * 65_536

    answered = api.call("POST", "/v1/search", content=pieces(), headers={"Content-Type": "application/json"})
    is_clean(answered)
    assert answered.status_code == 413


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x"])
def test_a_packed_body_is_refused_unopened(api, coding: str) -> None:
    bomb = gzip.compress(b"\x00" * 10_000_000)
    answered = api.call("POST", "/v1/search", content=bomb, headers={"Content-Encoding": coding})
    is_clean(answered)
    assert answered.status_code == 415


def test_a_length_that_is_no_number_is_refused(api) -> None:
    for written in ("-1", "1e3", "99999999999999999999"):
        answered = api.call("POST", "/v1/search", content=b"{}", headers={"Content-Length": written})
        is_clean(answered)
        assert answered.status_code == 413
