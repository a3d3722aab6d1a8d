from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tradewind.engine import composition
from tradewind.engine.composition import PointerFollower, Source, open_engine
from tradewind.engine.engine import Engine
from tradewind.engine.requests import SearchRequest
from tradewind.errors import ArtefactError, NotFoundError
from tradewind.registry.artefacts import Artefact, publish
from tradewind.registry.keys import ensure_keypair
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import promote, rollback
from tradewind.settings import Shop, parse_shop

SHOP = b"""
shop: little
items: {source: {path: items.csv}, id: id, title: title}
"""


class Publisher:
    """A shop's own publisher: makes generations of the little index and an encoder that is only a name."""

    def __init__(self, shop: Shop, index_folder: Path) -> None:
        self.shop = shop
        self.keys = ensure_keypair(shop.keys)
        self.index = self.publish("index", "catalogue", index_folder)

    def publish(self, kind: str, name: str, files: Path, *parents: str) -> Artefact:
        return publish(self.shop.artefacts, kind, name, files, ManifestFacts(parents=parents), self.keys.private)

    def folder(self, name: str, file: str, content: object) -> Path:
        folder = self.shop.scratch / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(json.dumps(content))
        return folder

    def generation(self, encoder: str = "one", **changed: Any) -> str:
        """Publishes a generation and moves the pointer to it. Returns its version."""
        made = self.publish("encoder", "match", self.folder("encoder", "encoder.json", {"called": encoder}))
        parts = {
            name: {"artefact": part.reference, "manifest_sha256": part.manifest_sha256}
            for name, part in (("encoder", made), ("index", self.index))
        }
        files = self.folder("generation", "generation.json", {**parts, **changed})
        version = self.publish("generation", "shop", files).version
        promote(self.shop.artefacts, "generation", "shop", version)
        return version


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(parse_shop(SHOP, where="shop.yaml"), tmp_path)


@pytest.fixture
def publisher(shop: Shop, index_folder: Path) -> Publisher:
    return Publisher(shop, index_folder)


@pytest.fixture(autouse=True)
def encoder_of_ideas(monkeypatch: pytest.MonkeyPatch, encoder: Any) -> None:
    monkeypatch.setattr(composition, "open_encoder", lambda folder: encoder)


@pytest.fixture
def engine(shop: Shop, publisher: Publisher) -> Iterator[Engine]:
    publisher.generation()
    with open_engine(shop, watch=False) as engine:
        yield engine


@pytest.fixture
def follower(engine: Engine, shop: Shop, publisher: Publisher) -> PointerFollower:
    return PointerFollower(engine, Source(shop.artefacts, publisher.keys.public, shop.settings.items.text))


def found(engine: Engine) -> int:
    return len(json.loads(engine.search(SearchRequest("frozen pizza")).body)["results"])


def test_a_shop_without_a_generation_says_what_to_do(shop: Shop) -> None:
    ensure_keypair(shop.keys)
    with pytest.raises(NotFoundError, match="tradewind up"):
        open_engine(shop)


def test_the_promoted_generation_answers(engine: Engine) -> None:
    assert found(engine) == 10


def test_the_pointer_is_followed_forward_and_back_in_the_background(shop: Shop, publisher: Publisher) -> None:
    first = publisher.generation()
    with open_engine(shop) as engine:
        second = publisher.generation("two")
        for wanted in (second, first):
            started = time.monotonic()
            while engine.generation != wanted:
                assert time.monotonic() - started < 5
                time.sleep(0.02)
            rollback(shop.artefacts, "generation", "shop") if wanted == second else None
        assert found(engine) == 10


def test_an_altered_generation_is_refused_and_the_old_one_serves_on(
    engine: Engine, follower: PointerFollower, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    before = engine.generation
    version = publisher.generation("two")
    file = publisher.shop.artefacts / "generation" / "shop" / version / "generation.json"
    file.chmod(0o644)
    file.write_text(file.read_text().replace("encoder/match", "encoder/other"))
    refusal = follower.look()
    assert isinstance(refusal, ArtefactError) and "altered" in str(refusal)
    assert engine.generation == before and found(engine) == 10
    assert version in caplog.text and before in caplog.text


def test_a_refused_generation_is_not_read_again_at_every_look(
    engine: Engine, follower: PointerFollower, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.generation(index={"artefact": publisher.index.reference, "manifest_sha256": "0" * 64})
    with caplog.at_level(logging.ERROR):
        assert follower.look() is not None
        assert follower.look() is None
    assert len(caplog.records) == 1


def test_a_generation_whose_part_is_gone_is_refused(
    engine: Engine, follower: PointerFollower, publisher: Publisher
) -> None:
    before = engine.generation
    publisher.generation("two")
    kept = json.loads((publisher.shop.scratch / "generation" / "generation.json").read_text())
    shutil.rmtree(publisher.shop.artefacts / kept["encoder"]["artefact"])
    assert isinstance(follower.look(), NotFoundError) and engine.generation == before


def test_an_encoder_that_is_the_same_is_shared_and_another_is_loaded(
    engine: Engine, follower: PointerFollower, publisher: Publisher
) -> None:
    before = engine.serving.parts
    publisher.generation("two")
    assert follower.look() is None
    assert engine.serving.parts.encoder_version != before.encoder_version


def test_an_encoder_of_another_width_is_refused_before_it_serves(
    engine: Engine, follower: PointerFollower, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, encoder: Any
) -> None:
    class Narrow:
        dimension = 8

        def encode(self, texts: Any, role: str) -> Any:
            return encoder.encode(texts, role)[:, :8]

    monkeypatch.setattr(composition, "open_encoder", lambda folder: Narrow())
    before = engine.generation
    publisher.generation("narrow")
    assert follower.look() is not None and engine.generation == before


def test_an_index_of_another_encoder_of_the_same_width_is_refused(
    engine: Engine, follower: PointerFollower, publisher: Publisher, index_folder: Path
) -> None:
    """What was tuned further gives other vectors: until the catalogue is indexed again, the old generation serves."""
    before = engine.generation
    old = publisher.publish("encoder", "match", publisher.folder("old", "encoder.json", {"called": "old"}))
    publisher.index = publisher.publish("index", "catalogue", index_folder, old.reference)
    publisher.generation("tuned further")
    refusal = follower.look()
    assert isinstance(refusal, ArtefactError) and old.reference in str(refusal)
    assert engine.generation == before


def query_part(publisher: Publisher, *parents: str) -> dict[str, str]:
    made = publisher.publish(
        "encoder", "query", publisher.folder("small", "encoder.json", {"called": "small"}), *parents
    )
    return {"artefact": made.reference, "manifest_sha256": made.manifest_sha256}


def test_an_encoder_of_queries_is_opened_answers_queries_and_is_kept_over_a_swap(
    engine: Engine, follower: PointerFollower, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, encoder: Any
) -> None:
    class Counting:
        dimension = encoder.dimension

        def __init__(self) -> None:
            self.roles: list[str] = []

        def encode(self, texts: Any, role: str) -> Any:
            self.roles.append(role)
            return encoder.encode(texts, role)

    monkeypatch.setattr(composition, "open_encoder", lambda folder: Counting())
    part = query_part(publisher)
    publisher.generation(query_encoder=part)
    assert follower.look() is None
    small = engine.serving.parts.query_encoder
    assert isinstance(small, Counting) and engine.serving.parts.query_encoder_version == part["artefact"]
    asked = len(small.roles)
    assert found(engine) == 10
    assert set(small.roles) == {"query"} and len(small.roles) > asked
    publisher.generation("two", query_encoder=part)
    assert follower.look() is None
    assert engine.serving.parts.query_encoder is small


def test_an_encoder_of_queries_that_learned_another_encoders_vectors_is_refused(
    engine: Engine, follower: PointerFollower, publisher: Publisher
) -> None:
    before = engine.generation
    publisher.generation(query_encoder=query_part(publisher, "encoder/match/another"))
    refusal = follower.look()
    assert isinstance(refusal, ArtefactError) and "encoder/match/another" in str(refusal)
    assert engine.generation == before


def test_an_unsigned_generation_is_never_opened(shop: Shop, publisher: Publisher) -> None:
    version = publisher.generation()
    (shop.artefacts / "generation" / "shop" / version / "manifest.sig").unlink()
    with pytest.raises(ArtefactError, match="not signed"):
        open_engine(shop)
