"""A tiny shop behind the real application: real routes, real engine, real store; only the encoder is a stand-in."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import jwt
import numpy as np
import pytest
from fastapi.testclient import TestClient

from tradewind.data.features.purchase import FEATURES, Population
from tradewind.engine.estimators import Answers
from tradewind.engine.purchases import KIND, NAME
from tradewind.engine.reply import Reply, canonical
from tradewind.errors import NotFoundError, RequestError
from tradewind.evaluation.calibration import Platt
from tradewind.flows.publishing import publish_files
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import promote
from tradewind.service.app import create_app
from tradewind.service.assembly import Service
from tradewind.service.jobs.run import Desk, Runner
from tradewind.service.keys import SCOPES, open_keys
from tradewind.settings import Shop
from tradewind.tasks.purchase.forest import Forest
from tradewind.tasks.purchase.model import Line, PurchaseModel
from tradewind.tasks.purchase.next_days import NextDays
from tradewind.testing.engine import open_tiny, tiny_shop

SECRET = b"a secret of the shop's backend, 32 bytes"


@dataclass(frozen=True)
class Api:
    """A client, and a key of each kind."""

    client: TestClient
    shop: Shop
    keys: dict[str, str]

    def call(
        self, method: str, path: str, *, key: str = "search", user: str | None = None, headers: Any = None, **more: Any
    ) -> Any:
        """Calls with the key named `key`, for the shop's user `user`."""
        own = {"X-Api-Key": self.keys[key]} if key in self.keys else {}
        named = {"X-User-Token": token(user)} if user else {}
        return self.client.request(method, path, headers={**own, **named, **(headers or {})}, **more)


class Lengths:
    """A stand-in for the estimators of a shop: `length` answers every text with its length."""

    def predict(self, name: str, texts: list[str], k: int, still: Callable[[], object]) -> Reply:
        answers = self.answers(name, texts, k, still).predictions
        body = {"estimator": name, "version": "v1", "predictions": answers}
        return Reply(canonical(body), "v1", 0, stages=(("predict", 0.1),), stage_answered="estimator")

    def answers(self, name: str, texts: list[str], k: int, still: Callable[[], object]) -> Answers:
        self.require(name)
        still()
        if "refused" in texts:
            raise RequestError("this text is refused")
        return Answers("v1", [{"labels": [{"label": str(len(text)), "probability": 1.0}][:k]} for text in texts])

    def require(self, name: str) -> None:
        if name != "length":
            raise NotFoundError(f"there is no estimator {name!r}")


class AtOnce:
    """A stand-in for the process that answers jobs: works them off where it is asked to, when it may."""

    def __init__(self, service: Service) -> None:
        desk = Desk(service.store, service.jobs.files, Lengths(), service.metrics, service.jobs.audit)
        self.runner = Runner(desk)
        self.held = False
        self._one = Lock()

    def ensure(self) -> None:
        """Returns when all is done, whoever does it: the look in the background asks as well."""
        with self._one:
            while not self.held and self.runner.run_next():
                pass

    def close(self) -> None: ...


def token(user: str, **changed: Any) -> str:
    """Returns a token as the shop's backend signs it."""
    now = int(time.time())
    claims = {"sub": user, "aud": "tradewind", "iat": now, "exp": now + 600} | changed
    return jwt.encode(claims, SECRET, "HS256", headers={"kid": "main"})


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tiny")
    tiny_shop(root)
    (root / "secret").write_bytes(SECRET)
    publish_purchases(tiny_shop(root), root / "purchases")
    return root


def publish_purchases(shop: Shop, files: Path) -> str:
    """Publishes a model of buying that reads one feature, how often a category was bought; returns its version."""
    weights = np.array([0.8 if name == "times" else 0.0 for name in FEATURES])
    leaf, still = np.zeros(1, np.int32), np.zeros(1)
    trees = Forest(leaf, still, leaf, leaf, still, leaf, len(FEATURES), logistic=False)
    keys = ("Care > Hair", "Food > Drinks", "Food > Frozen", "Food > Pasta")
    model = PurchaseModel(Line(weights, -2.0), trees, Platt(1.0, 0.0), tuple(FEATURES), 7.0)
    NextDays(model, keys, Population(np.full(4, 0.1), np.full(4, 0.1))).save(files)
    artefact = publish_files(shop, KIND, NAME, files, ManifestFacts())
    promote(shop.artefacts, KIND, NAME, artefact.version)
    return artefact.version


def shop_at(root: Path, template: Path, **serve: Any) -> Shop:
    if not root.exists():
        shutil.copytree(template, root)
    tokens = {"algorithm": "HS256", "keys": {"main": "secret"}}
    return tiny_shop(root, **{"user_tokens": tokens, "deadline_ms": 10_000, **serve})


@contextmanager
def open_api(shop: Shop) -> Iterator[Api]:
    ring = open_keys(shop.keys)
    keys = {scope: ring.create(scope, [scope])[1] for scope in SCOPES}
    keys["browser"] = ring.create("browser", ["search", "events"])[1]
    app = create_app(shop, open_parts=open_tiny)
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as client:
        object.__setattr__(app.state.service, "estimators", Lengths())
        app.state.service.jobs.keeping.workers = AtOnce(app.state.service)
        yield Api(client, shop, keys)


@pytest.fixture(scope="module")
def api(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One shop for a whole file of tests."""
    with open_api(shop_at(tmp_path_factory.mktemp("module") / "shop", template)) as opened:
        yield opened


@pytest.fixture
def make_shop(template: Path, tmp_path: Path) -> Callable[..., Shop]:
    return lambda **serve: shop_at(tmp_path / "shop", template, **serve)


@pytest.fixture
def publish() -> Callable[[Shop, Path], str]:
    """Publishes one more model of buying for a shop, made in a folder; returns its version."""
    return publish_purchases


@pytest.fixture
def opening() -> Callable[[Shop], Any]:
    """Opens a shop, as often as wanted: a context manager that gives a client of it."""
    return open_api


@pytest.fixture
def make_api(make_shop: Callable[..., Shop]) -> Iterator[Callable[..., Api]]:
    """A shop of the test's own."""
    with ExitStack() as opened:
        yield lambda **serve: opened.enter_context(open_api(make_shop(**serve)))


@pytest.fixture
def sign() -> Callable[..., str]:
    return token
