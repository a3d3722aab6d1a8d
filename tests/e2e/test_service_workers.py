"""The service as it runs: granian, two worker processes, a real port on loopback, real signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from json import dumps, loads
from pathlib import Path

import jwt
import pytest

from tradewind.service.keys import open_keys
from tradewind.testing.engine import tiny_shop

SECRET = b"a secret of the shop's backend, 32 bytes"
START = """
import sys
from pathlib import Path
from tradewind.errors import TradewindError
from tradewind.service.serve import serve
from tradewind.testing.engine import open_tiny, tiny_shop

settings = eval(sys.argv[2])
try:
    serve(tiny_shop(Path(sys.argv[1]), **settings), open_parts=open_tiny, on_ready=lambda up: print(up.url, flush=True))
except TradewindError as error:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)
print("ended", flush=True)
"""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self):
        return loads(self.content)


@dataclass
class Server:
    """A running service."""

    process: subprocess.Popen[str]
    url: str
    key: str
    root: Path

    def call(self, method: str, path: str, user: str | None = None, json=None, content=None, headers=None) -> Answer:
        """Calls over a new connection, so that any worker may answer."""
        headers = {"X-Api-Key": self.key, "Content-Type": "application/json", **(headers or {})}
        if user:
            headers["X-User-Token"] = token(user)
        line = HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        with closing(line):
            line.request(method, path, content if json is None else dumps(json), headers)
            answered = line.getresponse()
            return Answer(answered.status, {n.lower(): v for n, v in answered.getheaders()}, answered.read())


def token(user: str) -> str:
    now = int(time.time())
    claims = {"sub": user, "aud": "tradewind", "iat": now, "exp": now + 600}
    return jwt.encode(claims, SECRET, "HS256", headers={"kid": "main"})


def start(root: Path, **serve) -> subprocess.Popen[str]:
    settings = {
        "port": 0,
        "workers": 2,
        "deadline_ms": 10_000,
        "drain_seconds": 1.0,
        "user_tokens": {"algorithm": "HS256", "keys": {"main": "secret"}},
        **serve,
    }
    command = [sys.executable, "-c", START, str(root), repr(settings)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, str, str]:
    if process.poll() is None:
        process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    tiny_shop(folder)
    (folder / "secret").write_bytes(SECRET)
    return folder


def opened(root: Path, **serve) -> Server:
    _, key = open_keys(root / ".tradewind" / "keys").create("all", ["search", "events", "admin"])
    process = start(root, **serve)
    too_late = threading.Timer(120, process.kill)
    too_late.start()
    url = process.stdout.readline().strip()
    too_late.cancel()
    assert url.startswith("http://127.0.0.1:"), process.communicate(timeout=60)
    return Server(process, url, key, root)


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Server]:
    running = opened(root)
    yield running
    code, out, errors = stop(running.process)
    assert (code, out) == (0, "ended\n"), errors


def workers_of(server: Server) -> set[str]:
    """Returns the process ids of the workers that serve a generation, as their metrics say."""
    text = server.call("GET", "/metrics").text
    return set(re.findall(r'tradewind_generation_info{generation="tiny-1",pid="(\d+)"} 1.0', text))


def test_two_workers_share_the_port_and_both_answer(server: Server) -> None:
    assert server.call("GET", "/health/ready").json() == {"generation": "tiny-1", "ready": True}
    deadline = time.monotonic() + 20
    while len(workers_of(server)) < 2 and time.monotonic() < deadline:
        server.call("GET", "/v1/search?q=pizza")
    assert len(workers_of(server)) == 2


def test_the_metrics_of_any_worker_are_those_of_all(server: Server) -> None:
    counted = re.compile(r'http_request_duration_seconds_count{method="GET",route="/v1/suggest",status="200"} (\d+)')
    for _ in range(30):
        assert server.call("GET", "/v1/suggest?q=pi").status_code == 200
    time.sleep(0.3)
    seen = {counted.search(server.call("GET", "/metrics").text).group(1) for _ in range(8)}
    assert seen == {"30"}


def test_an_event_changes_that_users_for_you_within_a_second_in_every_worker(server: Server) -> None:
    def for_you() -> Answer:
        return server.call("GET", "/v1/recommend/for-you?k=5", user="newcomer")

    assert for_you().json()["personalised"] is False
    events = [
        {
            "event_id": f"n{place}",
            "type": "purchase",
            "time": datetime.now(UTC).isoformat(),
            "item": item,
            "basket": "b",
            "value": 1,
        }
        for place, item in enumerate(("20", "21"))
    ]
    stored = server.call("POST", "/v1/events", user="newcomer", json={"events": events})
    acknowledged = time.monotonic()
    assert stored.json()["counts"] == {"stored": 2}
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: for_you(), range(24)))
    late = time.monotonic() - acknowledged
    assert {answer.json()["personalised"] for answer in answers} == {True}, f"after {late:.2f} s"
    assert len({answer.content for answer in answers}) == 1


def test_the_personalisation_switch_works_at_once_in_every_worker_and_makes_answers_equal(server: Server) -> None:
    def bodies(user: str | None) -> set[bytes]:
        return {server.call("GET", "/v1/recommend/for-you?k=5", user=user).content for _ in range(8)}

    user = "shop-user-1"
    assert bodies(user) != bodies(None)
    assert server.call("PUT", "/v1/users/me/consent", user=user, json={"personalise": False}).json()["version"] >= 1
    assert bodies(user) == bodies(None)
    server.call("PUT", "/v1/users/me/consent", user=user, json={"personalise": True})
    assert bodies(user) != bodies(None)


def test_an_item_that_is_put_shows_within_a_second_in_every_worker_and_so_does_its_end(server: Server) -> None:
    def answers() -> list[Answer]:
        return [server.call("GET", "/v1/search?q=zebrafinch") for _ in range(12)]

    put = server.call("PUT", "/v1/items/zebra", json={"title": "Zebrafinch seed", "price": 3})
    assert put.status_code == 200, put.text
    time.sleep(1.0)
    assert {answer.json()["results"][0]["id"] for answer in answers()} == {"zebra"}
    assert {answer.headers["x-delta"] for answer in answers()} == {str(put.json()["delta"])}
    server.call("DELETE", "/v1/items/zebra")
    time.sleep(1.0)
    assert all(result["id"] != "zebra" for answer in answers() for result in answer.json()["results"])


def test_a_key_made_or_revoked_while_serving_counts_at_once_in_every_worker(server: Server) -> None:
    ring = open_keys(server.root / ".tradewind" / "keys")
    key, text = ring.create("short", ["search"])

    def statuses() -> set[int]:
        return {server.call("GET", "/v1/suggest?q=a", headers={"X-Api-Key": text}).status_code for _ in range(12)}

    assert statuses() == {200}
    ring.revoke(key.id)
    assert statuses() == {401}


def test_a_request_that_is_no_http_and_one_that_is_too_long_are_refused(server: Server) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = f"Host: x\r\nX-Api-Key: {server.key}\r\nConnection: close\r\n".encode()
    for raw in (
        b"GET /v1/search?q=" + b"frozen+pizza+" * 8_000 + b" HTTP/1.1\r\n" + head + b"\r\n",
        b"GET /v1/search?q=" + b"x" * 60_000 + b" HTTP/1.1\r\n" + head + b"\r\n",
        b"GET /v1/search?q=\xff\xfe HTTP/1.1\r\n" + head + b"\r\n",
        b"GET /v1/items/%ff%fe%00 HTTP/1.1\r\n" + head + b"\r\n",
        b"GET /v1/search?q=%00%ed%a0%80 HTTP/1.1\r\n" + head + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /v1/search HTTP/1.1\r\n" + head + b"Content-Length: 10000000\r\n\r\n",
        b"POST /v1/search HTTP/1.1\r\n" + head + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ):
        with socket.create_connection((host, int(port)), timeout=15) as line:
            line.sendall(raw)
            answered = line.recv(4_096)
        assert not answered or re.match(rb"HTTP/1\.1 (200|4\d\d) ", answered), (raw, answered)
    assert server.call("GET", "/health/live").status_code == 200


def test_a_body_of_ten_megabytes_is_refused_over_the_wire(server: Server) -> None:
    try:
        answered = server.call("POST", "/v1/events", content=b"x" * 10_000_000)
    except OSError:
        return
    assert answered.status_code == 413


def test_a_busy_port_is_one_clear_sentence_and_exit_code_2(server: Server, root: Path) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    code, _, errors = _finished(start(root, port=port))
    assert code == 2
    assert errors.count("\n") == 1
    assert f"port {port} on 127.0.0.1 is taken by another program" in errors


def _finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, errors = process.communicate(timeout=60)
    return process.returncode, out, errors


def test_demo_mode_beyond_loopback_refuses_to_start(root: Path) -> None:
    code, _, errors = _finished(start(root, host="0.0.0.0", demo=True))
    assert code == 2
    assert "demo mode hands out keys" in errors


BODY = b'{"query": "pizza"}'


def half_sent(server: Server) -> socket.socket:
    """Returns a connection on which a request has begun and waits for the rest of its body."""
    line = socket.create_connection(server.url.removeprefix("http://").split(":"), timeout=60)
    head = f"POST /v1/search HTTP/1.1\r\nHost: x\r\nX-Api-Key: {server.key}\r\nContent-Type: application/json\r\n"
    line.sendall(f"{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY[:5])
    return line


def listens(server: Server) -> bool:
    try:
        socket.create_connection(server.url.removeprefix("http://").split(":"), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_stop_says_not_ready_first_and_finishes_what_is_in_flight(root: Path, number: int) -> None:
    """A balancer sends nothing new after the first 503 of ready; everything it sent before is answered."""
    server = opened(root, drain_seconds=2.0)
    turned_away = threading.Event()

    def ask() -> set[int]:
        answers = set()
        while not turned_away.is_set():
            answers.add(server.call("GET", f"/v1/search?q=drain{time.monotonic_ns()}").status_code)
        return answers

    with ThreadPoolExecutor(3) as callers:
        asked = [callers.submit(ask) for _ in range(3)]
        slow = [half_sent(server) for _ in range(4)]
        time.sleep(0.5)
        os.killpg(server.process.pid, number) if number == signal.SIGINT else server.process.send_signal(number)
        wait_until(lambda: server.call("GET", "/health/ready").status_code == 503)
        assert server.call("GET", "/v1/search?q=still").status_code == 200
        turned_away.set()
        assert [found.result(timeout=60) for found in asked] == [{200}] * 3
    wait_until(lambda: not listens(server))
    for line in slow:
        with line:
            line.sendall(BODY[5:])
            assert line.recv(100).startswith(b"HTTP/1.1 200 OK")
    code, out, errors = _finished(server.process)
    assert (code, out) == (0, "ended\n"), errors
    assert not (root / ".tradewind" / "run" / str(server.process.pid)).exists()


def test_a_killed_worker_comes_back_and_a_killed_parent_takes_its_workers_along(root: Path) -> None:
    server = opened(root)
    before = up(server)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    time.sleep(0.3)
    assert server.call("GET", "/v1/search?q=pizza").status_code == 200
    wait_until(lambda: len(up(server) - before) == 1)
    after = {*before, *up(server)} - {victim}
    server.process.kill()
    server.process.communicate(timeout=30)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in after))


def up(server: Server) -> set[int]:
    """Returns the process ids of the workers that ever listened."""
    return {int(file.stem) for file in (server.root / ".tradewind" / "run" / str(server.process.pid)).glob("*.up")}


def wait_until(holds) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_health_speaks_while_the_pool_is_full(root: Path) -> None:
    server = opened(root, workers=1, max_in_flight=2, threads=1)
    try:
        with ThreadPoolExecutor(16) as callers:
            answers = list(
                callers.map(lambda n: server.call("GET", f"/v1/search?q=busy{n}+frozen+pizza&k=100"), range(64))
            )
            assert server.call("GET", "/health/ready").status_code == 200
        shed = [answer for answer in answers if answer.status_code == 503]
        assert {answer.status_code for answer in answers} <= {200, 503}
        assert all(answer.headers["retry-after"] == "1" for answer in shed)
        assert any(answer.status_code == 200 for answer in answers)
        assert all(answer.json()["type"].endswith("overloaded") for answer in shed)
    finally:
        stop(server.process)
