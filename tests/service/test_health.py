"""Live says that the process runs, ready that a generation answers."""

from __future__ import annotations

import time


def test_live_and_ready_need_no_key(api) -> None:
    assert api.client.get("/health/live").json() == {"live": True}
    assert api.client.get("/health/ready").json() == {"ready": True, "generation": "tiny-1"}


def test_ready_asks_the_engine_afresh_each_time(api, monkeypatch) -> None:
    asked = []
    real = api.client.app.state.service.engine.search
    monkeypatch.setattr("tradewind.engine.engine.Engine.search", lambda self, r: asked.append(r.query) or real(r))
    for _ in range(3):
        api.client.get("/health/ready")
    assert len(set(asked)) == 3


def test_an_engine_that_does_not_answer_is_not_ready_though_live(api, monkeypatch) -> None:
    def broken(self, request):
        raise OSError("the index is gone")

    monkeypatch.setattr("tradewind.engine.engine.Engine.search", broken)
    answered = api.client.get("/health/ready")
    assert answered.status_code == 503
    assert answered.json()["type"].endswith("not-ready")
    assert answered.headers["retry-after"]
    assert api.client.get("/health/live").status_code == 200


def test_an_engine_that_hangs_is_not_ready(api, monkeypatch) -> None:
    monkeypatch.setattr("tradewind.service.probe.SECONDS", 0.1)
    monkeypatch.setattr("tradewind.engine.engine.Engine.search", lambda self, request: time.sleep(0.5))
    assert api.client.get("/health/ready").status_code == 503


def test_a_service_that_stops_is_not_ready_and_still_answers(make_shop, template) -> None:
    from fastapi.testclient import TestClient

    from tradewind.service.app import create_app
    from tradewind.service.worker import DRAINING, Worker
    from tradewind.testing.engine import open_tiny

    shop = make_shop()
    run = shop.root / "run"
    run.mkdir()
    worker = Worker(1, run)
    app = create_app(shop, worker=worker, open_parts=open_tiny)
    with TestClient(app) as client:
        assert client.get("/health/ready").status_code == 200
        (run / DRAINING).touch()
        answered = client.get("/health/ready")
        assert (answered.status_code, answered.json()["type"]) == (503, "urn:tradewind:problem:draining")
        assert client.get("/health/live").status_code == 200
