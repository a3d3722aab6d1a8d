"""The built shop, served by the command, and asked for things that nobody should ask: each is told, and it goes on."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

LONG = "frozen pizza " * 8_000
EVENT = {"event_id": "bad-1", "type": "view", "time": "2026-01-05T10:00:00Z", "visitor": "visitor-0001", "item": "F004"}


@dataclass
class Served:
    """The running service and the keys of its demo."""

    url: str
    key: str

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Returns status, headers and body of one request over a connection of its own."""
        line = HTTPConnection(self.url.removeprefix("http://"), timeout=30)
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        named = {"X-Api-Key": key or self.key, "Content-Type": "application/json", **headers}
        try:
            line.request(method, path, sent, named)
            answered = line.getresponse()
            return answered.status, {name.lower(): value for name, value in answered.getheaders()}, answered.read()
        finally:
            line.close()


@pytest.fixture(scope="module")
def served(built: Path, cli: Any) -> Iterator[Served]:
    process = subprocess.Popen(
        [cli.command, "serve", str(built), "--port", "0"], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stderr is not None
    said = ""
    while not (found := re.search(r"(http://127\.0\.0\.1:\d+)[\s\S]*API key of this demo .*?: (\S+)\n", said)):
        line = process.stderr.readline()
        assert line, said
        said += line
    yield Served(*found.groups())
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in said + errors, errors[-3000:]


@dataclass(frozen=True)
class Case:
    """A request, the status it must get, and words that its reply must hold: what is wrong, and where."""

    method: str
    path: str
    status: int
    says: tuple[str, ...] = ()
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


CASES = {
    "a key without the scope": Case("PUT", "/v1/items/x", 403, ("scope 'admin'",), {"title": "x"}),
    "no such key": Case("GET", "/v1/search?q=tea", 401, ("API key",), headers={"X-Api-Key": "tw_0000_1111"}),
    "a body of ten megabytes": Case("POST", "/v1/events", 413, ("1000000 bytes at most",), b"x" * 10_000_000),
    "a query of 100 KB": Case("POST", "/v1/search", 422, ("query", "1000 characters"), {"query": LONG}),
    "NUL in a body": Case("POST", "/v1/search", 422, ("query", "NUL"), {"query": "te\x00a"}),
    "NUL in a path": Case("GET", "/v1/search?q=te%00a", 422, ("q", "NUL")),
    "a lone surrogate": Case("POST", "/v1/search", 400, ("not valid JSON in UTF-8",), b'{"query": "\\ud800"}'),
    "k of a million": Case("GET", "/v1/search?q=tea&k=1000000", 422, ("k", "100")),
    "k of a million for a surface": Case("GET", "/v1/recommend/trending?k=1000000", 422, ("k", "100")),
    "a page far beyond": Case("GET", "/v1/search?q=tea&offset=1000000000", 422, ("offset",)),
    "k that is no number": Case("GET", "/v1/search?q=tea&k=many", 422, ("k",)),
    "a word that is none": Case("POST", "/v1/search", 422, ("qurey",), {"qurey": "tea"}),
    "nobody's profile": Case("GET", "/v1/users/me/profile", 401, ("user token",)),
    "a token nobody signed": Case("GET", "/v1/recommend/for-you", 401, ("token",), headers={"X-User-Token": "a.b.c"}),
    "a household nobody knows": Case("POST", "/demo/token", 404, ("no such household",), {"household": "nobody"}),
    "an item nobody knows": Case("GET", "/v1/recommend/similar?item=nope", 404, ("nope",)),
    "a surface nobody knows": Case("GET", "/v1/recommend/horoscope", 422, ("surface", "bought-together")),
    "an event in the future": Case(
        "POST", "/v1/events", 422, ("future_time",), {**EVENT, "time": "2999-01-01T00:00:00Z"}
    ),
    "an event for an unknown item": Case("POST", "/v1/events", 422, ("unknown_item",), {**EVENT, "item": "nope"}),
    "a price of -1": Case("POST", "/v1/events", 422, ("value: negative",), {**EVENT, "type": "purchase", "value": -1}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_request_is_told_what_is_wrong_and_changes_no_answer(served: Served, name: str) -> None:
    case = CASES[name]
    before = served.call("GET", "/v1/search?q=tea")[2]
    try:
        status, headers, body = served.call(case.method, case.path, case.body, **case.headers)
    except (BrokenPipeError, ConnectionResetError):
        assert case.status == 413, "only a body that is far too long may be cut off while it is sent"
    else:
        assert status == case.status, body[:400]
        assert headers["content-type"] == "application/problem+json"
        problem = json.loads(body)
        assert all(word in body.decode() for word in case.says), problem
        assert problem["instance"].endswith(headers["x-request-id"])
    assert served.call("GET", "/v1/search?q=tea")[2] == before


@pytest.mark.parametrize("query", ["🍕🎉👩‍👩‍👧", "\ufffd", "   ", "؟!…", "x" * 900])
def test_a_query_without_a_word_gets_an_answer(served: Served, query: str) -> None:
    status, _, body = served.call("GET", f"/v1/search?q={quote(query)}&k=5")
    assert status == 200
    assert {"results", "total"} <= json.loads(body).keys()


def test_a_line_of_100_kb_is_refused_before_it_is_read_whole(served: Served) -> None:
    assert served.call("GET", f"/v1/search?q={quote(LONG)}")[0] == 414


def test_of_a_batch_only_the_bad_events_are_refused_and_a_repeat_or_a_changed_body_is_said(served: Served) -> None:
    good = {**EVENT, "event_id": "good-1"}
    batch = [good, {**EVENT, "item": "nope"}, {**EVENT, "type": "fly"}, good, {**good, "item": "F005"}]
    status, _, body = served.call("POST", "/v1/events", {"events": batch})
    assert status in {200, 207}
    assert [one["status"] for one in json.loads(body)["events"]] == [
        "stored", "rejected", "rejected", "duplicate", "conflict"
    ]  # fmt: skip


def test_the_same_port_cannot_be_served_twice(served: Served, built: Path, cli: Any) -> None:
    port = served.url.rpartition(":")[2]
    done = cli.run("serve", built, "--port", port, check=False)
    assert done.returncode == 2
    assert f"port {port} on 127.0.0.1 is taken by another program" in done.stderr
    assert served.call("GET", "/health/ready")[0] == 200
