"""Jobs as they run: a server of two workers, the process of low priority beside it, kills and stops in between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tradewind.flows.estimators import learn_estimator
from tradewind.service.keys import open_keys
from tradewind.settings import Shop, parse_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.engine import tiny_shop
from tradewind.testing.pretrained import tiny_encoder

WORDS = ["[PAD]", "[UNK]", "passage", ":", ".", "milk", "bread", "good", "bad", *"123456789"]
SETTINGS = """
shop: Tiny
languages: [en, zh]
currency: EUR
items: {{source: {{path: items.csv}}, id: id, title: title}}
encoder: {{pretrained: "dir:{encoder}", trim_vocabulary: false}}
serve: {{port: 0, workers: 2, deadline_ms: 10000}}
learn:
  effort: quick
  threads: 1
  estimators:
    stars:
      task: rating
      batch_size: 8
      learning_rate: 0.01
      max_steps: 20
      examples: {{source: {{path: labelled.csv}}, text: review, target: stars, group: group}}
"""
START = """
import sys
from tradewind.service.serve import serve
from tradewind.settings import load_shop
from tradewind.testing.engine import open_tiny
serve(load_shop(sys.argv[1]), open_parts=open_tiny, on_ready=lambda up: print(up.url, flush=True))
print("ended", flush=True)
"""
TEXTS = 12_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("jobs")
    tiny_shop(root)
    settings = SETTINGS.format(encoder=tiny_encoder(root / "encoder", WORDS))
    (root / "shop.yaml").write_text(settings)
    said = [(f"{word} {what}", stars) for word, stars in (("good", 5), ("bad", 1)) for what in ("milk", "bread")]
    rows = [f"{text} {n},{stars},{n}" for n in range(1, 10) for text, stars in said]
    (root / "labelled.csv").write_text("\n".join(["review,stars,group", *rows]) + "\n")
    made = Shop(parse_shop(settings.encode(), where="test"), root)
    learn_estimator(made, "stars", SilentProgress())
    return made


class Server:
    """A running service and a key that may do everything."""

    def __init__(self, shop: Shop) -> None:
        _, self.key = open_keys(shop.keys).create("all", ["search", "jobs"])
        command = [sys.executable, "-c", START, str(shop.root)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip().removeprefix("http://")
        assert self.url, self.process.communicate(timeout=60)

    def call(self, method: str, path: str, content: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        with closing(HTTPConnection(self.url, timeout=60)) as line:
            line.request(method, path, content, {"X-Api-Key": self.key, **headers})
            answered = line.getresponse()
            return answered.status, answered.read()

    def status(self, job: dict[str, Any]) -> dict[str, Any]:
        return json.loads(self.call("GET", f"/v1/predict/jobs/{job['id']}")[1])

    def submit(self, count: int) -> dict[str, Any]:
        body = b"".join(b'"good milk %d"\n' % (1 + number % 9) for number in range(count))
        status, made = self.call("POST", "/v1/predict/stars/jobs", body, **{"Content-Type": "application/x-ndjson"})
        assert status == 202, made
        return json.loads(made)

    def stop(self) -> tuple[str, str]:
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=90)


def runner(shop: Shop) -> int:
    """Returns the process that works on jobs."""
    return int((shop.work / "jobs" / "runner.lock").read_text())


def wait_until(holds: Any, seconds: float = 90.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.1)


@pytest.fixture
def server(shop: Shop) -> Iterator[Server]:
    running = Server(shop)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate(timeout=60)


def results(server: Server, job: dict[str, Any]) -> list[dict[str, Any]]:
    status, body = server.call("GET", f"/v1/predict/jobs/{job['id']}/result")
    assert status == 200, body
    return [json.loads(line) for line in body.splitlines()]


def test_a_job_goes_on_after_its_process_and_then_the_whole_service_were_killed(shop: Shop, server: Server) -> None:
    job = server.submit(TEXTS)
    wait_until(lambda: server.status(job)["done"] > 0)
    first = runner(shop)
    assert os.getpriority(os.PRIO_PROCESS, first) == 19
    os.kill(first, signal.SIGKILL)
    before = server.status(job)["done"]
    wait_until(lambda: server.status(job)["done"] > before)
    assert 0 < before < TEXTS, "the job was over before the kill; it proves nothing"
    assert server.call("GET", "/v1/search?q=pizza")[0] == 200
    stopped_at = server.status(job)["done"]
    out, errors = server.stop()
    assert out == "ended\n", errors
    again = Server(shop)
    try:
        again.key = server.key
        wait_until(lambda: again.status(job)["state"] == "done")
        found = results(again, job)
        assert [one["line"] for one in found] == list(range(1, TEXTS + 1))
        assert {one["prediction"]["labels"][0]["label"] for one in found} <= {"1", "5"}
        assert stopped_at <= TEXTS
        assert "tradewind_job_texts_total" in again.call("GET", "/metrics")[1].decode()
    finally:
        again.stop()
    assert runner(shop) != first
    wait_until(lambda: not Path(f"/proc/{runner(shop)}").exists())
