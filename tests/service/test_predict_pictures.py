"""Pictures over HTTP: a model that was exported and signed answers behind the real application, and without torch."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from tradewind.engine.estimators import KIND, Estimators
from tradewind.flows.publishing import publish_files
from tradewind.models.vision.classifier import PictureClassifier
from tradewind.models.vision.efficientnet_lite import EfficientNetLite, Stage
from tradewind.models.vision.export import export_pictures
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import promote
from tradewind.runtime.pictures import SENT_LIMITS
from tradewind.runtime.vision import PictureInput
from tradewind.service.jobs.run import Desk, Runner
from tradewind.settings import LearnSettings, Shop

PATH = "/v1/predict/shelf"
EXAMPLES = {"source": {"path": "shown.csv"}, "picture": "file", "target": "shelf"}
CONFIG = {"task": "recognise", "pairs": False, "pictures": True, "classes": [["Hats"], ["Boots", "Low"]]}
ALONE = """
import sys, threading, time
for name in ("torch", "transformers", "sklearn", "peft"):
    sys.modules[name] = None
import httpx, uvicorn
from dataclasses import replace
from pathlib import Path
from tradewind.service.app import create_app
from tradewind.service.keys import open_keys
from tradewind.settings import LearnSettings
from tradewind.testing.engine import open_tiny, tiny_shop
shop = tiny_shop(Path(sys.argv[1]), deadline_ms=10_000)
learn = LearnSettings.model_validate_json(sys.argv[2])
shop = replace(shop, settings=shop.settings.model_copy(update={"learn": learn}))
key = open_keys(shop.keys).create("pictures", ["search"])[1]
server = uvicorn.Server(uvicorn.Config(create_app(shop, open_parts=open_tiny), port=0, log_level="error"))
thread = threading.Thread(target=server.run)
thread.start()
while not server.started:
    time.sleep(0.02)
port = server.servers[0].sockets[0].getsockname()[1]
headers = {"X-Api-Key": key}
print(httpx.post(f"http://127.0.0.1:{port}/v1/predict/shelf", json={"pictures": [sys.argv[3]]}, headers=headers).text)
server.should_exit = True
thread.join()
"""


def sent(colour: str = "red", kind: str = "PNG", side: int = 24) -> str:
    file = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def with_shelf(shop: Shop) -> Shop:
    learn = LearnSettings.model_validate({"estimators": {"shelf": {"task": "recognise", "examples": EXAMPLES}}})
    return replace(shop, settings=shop.settings.model_copy(update={"learn": learn}))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose likeliest label is Hats for what is red and Boots for what is blue."""
    torch.manual_seed(1)
    classifier = PictureClassifier(EfficientNetLite((Stage(1, 3, 2, 1, 8),)).eval(), ("Hats", "Boots > Low")).eval()
    pixels = torch.full((2, 3, 16, 16), -1.0)
    pixels[0, 0], pixels[1, 2] = 1.0, 1.0
    with torch.no_grad():
        red, blue = classifier.vectors(pixels)
        classifier.set_head(torch.stack([red - blue, blue - red]).numpy() * 50, torch.zeros(2).numpy())
    folder = export_pictures(classifier, PictureInput(size=16), tmp_path_factory.mktemp("bundle"))
    (folder / "estimator.json").write_text(json.dumps(CONFIG))
    return folder


@pytest.fixture
def shelf(make_shop: Callable[..., Shop], bundle: Path) -> Shop:
    shop = with_shelf(make_shop(body_limit=200_000))
    artefact = publish_files(shop, KIND, "shelf", bundle, ManifestFacts())
    promote(shop.artefacts, KIND, "shelf", artefact.version)
    return shop


@pytest.fixture
def shown(shelf: Shop, opening: Callable[[Shop], AbstractContextManager[Any]]) -> Iterator[Any]:
    with opening(shelf) as api:
        service = api.client.app.state.service
        object.__setattr__(service, "estimators", Estimators(shelf))
        desk = Desk(service.store, service.jobs.files, Estimators(shelf), service.metrics, service.jobs.audit)
        service.jobs.keeping.workers.runner = Runner(desk)
        yield api


def ask(api: Any, pictures: list[str], **more: Any) -> Any:
    return api.call("POST", PATH, json={"pictures": pictures, **more})


def test_pictures_are_answered_in_their_order(shown: Any) -> None:
    reply = ask(shown, [sent("red"), sent("blue", "JPEG"), sent("red", "WEBP")], k=2)
    assert reply.status_code == 200, reply.text
    found = reply.json()["predictions"]
    assert [one["path"] for one in found] == [["Hats"], ["Boots", "Low"], ["Hats"]]
    assert found[0]["labels"][0]["probability"] + found[0]["labels"][1]["probability"] == pytest.approx(1.0)
    assert ask(shown, [sent("blue", "JPEG")], k=2).json()["predictions"] == found[1:2]


@pytest.mark.parametrize(
    ("pictures", "said"),
    [
        ([sent(), "not base64!"], "pictures/1: not base64"),
        ([sent(), sent(), base64.b64encode(b"not a picture").decode()], "picture 3: not a picture that can be read"),
        ([sent()[:80] + "=" * (-len(sent()[:80]) % 4)], "picture 1: not a picture that can be read"),
        ([base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()], "picture 1: not a picture"),
        ([""], "pictures/0"),
        ([], "pictures"),
        ([sent(side=4)] * 33, "pictures"),
    ],
)
def test_what_is_no_picture_is_a_problem_that_names_it(shown: Any, pictures: list[str], said: str) -> None:
    reply = ask(shown, pictures)
    assert reply.status_code == 422, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    assert said in reply.json()["detail"]
    assert "Traceback" not in reply.text


def test_few_bytes_that_stand_for_many_pixels_are_refused_before_they_are_decompressed(shown: Any) -> None:
    file = io.BytesIO()
    Image.new("1", (6000, 6000)).save(file, "PNG")
    assert SENT_LIMITS.pixels < 6000 * 6000
    reply = ask(shown, [base64.b64encode(file.getvalue()).decode()])
    assert reply.status_code == 422
    assert "6000 × 6000 pixels" in reply.json()["detail"]


def test_a_body_above_the_limit_is_refused_unread(shown: Any) -> None:
    assert ask(shown, ["A" * 200_000]).status_code == 413


def test_texts_and_pictures_are_not_mixed(shown: Any) -> None:
    both = shown.call("POST", PATH, json={"pictures": [sent()], "texts": ["a hat"]})
    assert both.status_code == 422
    text = shown.call("POST", PATH, json={"texts": ["a hat"]})
    assert (text.status_code, "answers pictures" in text.json()["detail"]) == (400, True)


def test_without_pillow_a_caller_is_told_what_is_missing(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = sent()
    monkeypatch.setitem(sys.modules, "PIL", None)
    reply = ask(shown, [picture])
    assert reply.status_code == 501
    assert reply.json()["detail"].startswith("Pillow, which reads pictures, is not installed (pip install")


def test_a_job_answers_pictures_and_names_the_line_of_one_that_is_none(shown: Any) -> None:
    none = base64.b64encode(b"nothing").decode()
    lines = [{"picture": sent("blue")}, {"picture": none}, {"picture": "?"}, {"picture": sent("red")}, "a text"]
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    headers = {"Content-Type": "application/x-ndjson"}
    made = shown.call("POST", f"{PATH}/jobs", key="jobs", content=body, headers=headers).json()
    answered = shown.call("GET", f"/v1/predict/jobs/{made['id']}/result", key="jobs").text
    found = [json.loads(line) for line in answered.splitlines()]
    assert [one.get("prediction", {}).get("path") for one in found] == [["Boots", "Low"], None, None, ["Hats"], None]
    assert [one["error"]["code"] for one in found if "error" in one] == ["refused", "not-base64", "refused"]
    assert "not a picture that can be read" in found[1]["error"]["detail"]


def test_a_job_of_json_takes_pictures(shown: Any) -> None:
    made = shown.call("POST", f"{PATH}/jobs", key="jobs", json={"pictures": [sent("red"), sent("blue")]})
    assert made.status_code == 202, made.text
    shown_job = shown.call("GET", f"/v1/predict/jobs/{made.json()['id']}", key="jobs").json()
    assert (shown_job["state"], shown_job["done"], shown_job["errors"]) == ("done", 2, 0)
    assert shown.call("POST", f"{PATH}/jobs", key="jobs", json={"pictures": []}).status_code == 422


def test_a_server_without_torch_answers_pictures(shelf: Shop) -> None:
    learn = shelf.settings.learn.model_dump_json(include={"estimators"})
    told = [sys.executable, "-c", ALONE, str(shelf.root), learn, sent("blue")]
    done = subprocess.run(told, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-800:]
    assert json.loads(done.stdout)["predictions"][0]["path"] == ["Boots", "Low"]
