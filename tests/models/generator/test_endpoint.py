"""The client against a server that speaks the protocol, its refusals and its bad days included."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tradewind.data.records import Item
from tradewind.errors import ConfigError, ModelError
from tradewind.models.generator.endpoint import EndpointGenerator, EndpointSettings
from tradewind.tasks.describe.brief import Brief

TEAPOT = Brief(Item(id="K1", title="Glass teapot 600 ml", brand="Mubai", attributes={"material": "glass"}), "en")
Answer = tuple[int, dict[str, str], bytes]


def completion(text: str | None) -> Answer:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
    }
    return 200, {}, json.dumps(body).encode()


def refusal(code: int, message: str, **headers: str) -> Answer:
    body = {"error": {"message": message, "type": "error", "code": None}}
    return code, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode()


class Service:
    """Gives its answers one after another, the last for ever; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[], Answer]] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.headers.append({name.lower(): value for name, value in self.headers.items()})
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                service.asked.append({"path": self.path, **json.loads(raw)})
                answer = service.answers.pop(0) if len(service.answers) > 1 else service.answers[0]
                code, headers, body = answer() if callable(answer) else answer
                self.send_response(code)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def waits() -> list[float]:
    return []


def generator(service: Service, waits: list[float], **more: Any) -> EndpointGenerator:
    return EndpointGenerator(EndpointSettings(service.url, "shop-model", **more), sleep=waits.append)


def test_it_asks_for_a_chat_completion_and_gives_its_text(
    service: Service, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_MODEL_KEY", "sk-secret")
    service.answers = [completion("A glass teapot.")]
    writer = generator(service, waits, key_variable="SHOP_MODEL_KEY")
    assert writer.write([TEAPOT, TEAPOT]) == ["A glass teapot."] * 2
    asked = service.asked[0]
    assert asked["path"] == "/v1/chat/completions"
    assert asked["model"] == "shop-model"
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert "Material: glass" in asked["messages"][1]["content"]
    assert service.headers[0]["authorization"] == "Bearer sk-secret"
    assert "sk-secret" not in writer.name + repr(writer)


def test_a_rate_limit_is_waited_for_as_long_as_it_says(service: Service, waits: list[float]) -> None:
    service.answers = [refusal(429, "slow down", Retry_After="7"), completion("A teapot.")]
    assert generator(service, waits).write([TEAPOT]) == ["A teapot."]
    assert waits == [7.0]


def test_a_date_to_come_back_at_is_understood(service: Service, waits: list[float]) -> None:
    later = formatdate(time.time() + 30, usegmt=True)
    service.answers = [refusal(503, "busy", Retry_After=later), completion("A teapot.")]
    generator(service, waits).write([TEAPOT])
    assert 25 < waits[0] <= 30


def test_a_server_on_a_bad_day_is_tried_again_with_growing_patience(service: Service, waits: list[float]) -> None:
    service.answers = [refusal(500, "oops"), refusal(502, "oops"), completion("A teapot.")]
    assert generator(service, waits).write([TEAPOT]) == ["A teapot."]
    assert waits == [1.0, 2.0]


def test_a_service_that_stays_down_is_given_up(service: Service, waits: list[float]) -> None:
    service.answers = [refusal(503, "down for repairs")]
    with pytest.raises(ModelError, match="503: down for repairs"):
        generator(service, waits, attempts=3).write([TEAPOT])
    assert len(service.asked) == 3


def test_a_wait_beyond_patience_is_not_waited_for(service: Service, waits: list[float]) -> None:
    service.answers = [refusal(429, "come back tomorrow", Retry_After="86400")]
    with pytest.raises(ModelError, match="come back tomorrow"):
        generator(service, waits).write([TEAPOT])
    assert waits == []


@pytest.mark.parametrize(("code", "message"), [(400, "bad request"), (401, "wrong key"), (404, "no such model")])
def test_a_refusal_that_will_not_pass_is_told_at_once(
    code: int, message: str, service: Service, waits: list[float]
) -> None:
    service.answers = [refusal(code, message)]
    with pytest.raises(ModelError, match=message):
        generator(service, waits).write([TEAPOT])
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{"message": {"content": 3}}]}']
)
def test_an_answer_that_is_no_completion_is_an_error(body: bytes, service: Service, waits: list[float]) -> None:
    service.answers = [(200, {}, body)]
    with pytest.raises(ModelError, match=r"something else|no text"):
        generator(service, waits).write([TEAPOT])


def test_a_model_that_said_nothing_gives_an_empty_text(service: Service, waits: list[float]) -> None:
    service.answers = [completion(None)]
    assert generator(service, waits).write([TEAPOT]) == [""]


def test_a_service_that_hangs_is_given_up_in_time(service: Service, waits: list[float]) -> None:
    def late() -> Answer:
        time.sleep(0.6)
        return completion("late")

    service.answers = [late]
    with pytest.raises(ModelError, match="does not answer"):
        generator(service, waits, timeout=0.1, attempts=2).write([TEAPOT])


def test_an_answer_without_end_is_cut_off(service: Service, waits: list[float]) -> None:
    service.answers = [(200, {}, b"x" * 1_000_002)]
    with pytest.raises(ModelError, match="more than 1,000,000 bytes"):
        generator(service, waits).write([TEAPOT])


def test_the_key_does_not_follow_a_redirect(service: Service, waits: list[float]) -> None:
    service.answers = [(307, {"Location": f"{service.url}/elsewhere"}, b"")]
    with pytest.raises(ModelError, match="307"):
        generator(service, waits).write([TEAPOT])
    assert [asked["path"] for asked in service.asked] == ["/v1/chat/completions"]


def test_nobody_at_the_address_is_told_as_that(waits: list[float]) -> None:
    settings = EndpointSettings("http://127.0.0.1:9/v1", "m", attempts=1)
    with pytest.raises(ModelError, match="does not answer"):
        EndpointGenerator(settings, sleep=waits.append).write([TEAPOT])


def test_a_key_that_is_not_there_is_told_before_asking(
    service: Service, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_MODEL_KEY", raising=False)
    service.answers = [completion("A teapot.")]
    with pytest.raises(ConfigError, match="SHOP_MODEL_KEY"):
        generator(service, waits, key_variable="SHOP_MODEL_KEY").write([TEAPOT])
    assert service.asked == []


@pytest.mark.parametrize("url", ["ftp://host/v1", "host/v1", "https://user:pass@host/v1", "file:///etc/passwd", ""])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not the address"):
        EndpointGenerator(EndpointSettings(url, "m"))


def test_a_key_is_never_sent_in_the_open() -> None:
    with pytest.raises(ConfigError, match="without encryption"):
        EndpointGenerator(EndpointSettings("http://models.example/v1", "m", key_variable="K"))
