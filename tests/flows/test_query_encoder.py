"""The step that makes an encoder for queries: learned, gated, published beside the whole one, and taken to serve."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tradewind.engine.composition import open_engine
from tradewind.flows.ledger import Ledger
from tradewind.flows.publishing import fetch
from tradewind.flows.query_lessons import query_lessons
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context
from tradewind.flows.steps import query_encoder as step
from tradewind.flows.steps.encode import vectors_of
from tradewind.flows.up import build_shop
from tradewind.runtime.opening import open_encoder
from tradewind.settings import Shop, load_shop
from tradewind.telemetry import Progress, SilentProgress
from tradewind.testing.pretrained import tiny_encoder

KINDS = ("tea", "milk", "bread", "soap", "oil", "rice", "salt", "jam")
COLOURS = ("red", "blue", "green", "white", "black")
QUERIES = """field: title
queries:
  - {query: green tea, right: [tea green], use: tune}
  - {query: Red Soap, right: [soap red], use: report}
"""


class Quiet:
    """A reporter that keeps what steps say."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def begin(self, step: Any, number: int, of: int, estimate: float, why: str | None) -> Progress:
        return Noting(self.notes)

    def finish(self, step: Any, seconds: float, outputs: Any) -> None: ...

    def skip(self, step: Any, number: int, of: int) -> None: ...


class Noting(SilentProgress):
    def __init__(self, notes: list[str]) -> None:
        self._notes = notes

    def note(self, line: str) -> None:
        self._notes.append(line)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokens = ["[UNK]", "[PAD]", *string.ascii_lowercase, *KINDS, *COLOURS, "query", "passage", ":"]
    tokens += [f"unused{number}" for number in range(4000)]
    return tiny_encoder(tmp_path_factory.mktemp("encoder"), tokens, width=64, inner=128, layers=4)


@pytest.fixture
def make_shop(tmp_path: Path, encoder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns a function that writes a shop of forty items whose block about queries is given."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names = [f"{kind} {colour}" for kind in KINDS for colour in COLOURS]
    (tmp_path / "items.csv").write_text(
        "\n".join(["id,title", *(f"{number},{name}" for number, name in enumerate(names))]) + "\n", encoding="utf-8"
    )
    (tmp_path / "queries.yaml").write_text(QUERIES, encoding="utf-8")

    def make(**queries: Any) -> Shop:
        settings = {
            "shop": "Tiny",
            "queries": "queries.yaml",
            "items": {"source": {"path": "items.csv"}, "id": "id", "title": "title"},
            "encoder": {
                "pretrained": f"dir:{encoder}",
                "trim_vocabulary": False,
                "max_tokens": 16,
                "precision": "int8",
                "queries": queries,
            },
            "learn": {"match": {"enabled": False}, "classify": {"enabled": False}, "next_item": {"enabled": False}},
        }
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        return load_shop(tmp_path)

    return make


def outputs_of(shop: Shop, name: str) -> dict[str, Any]:
    entry = Ledger(shop.work / "ledger.json").entry(name)
    assert entry is not None
    return entry.outputs


def test_the_smaller_encoder_answers_queries_and_the_whole_one_keeps_the_passages(make_shop: Any) -> None:
    shop = make_shop(blocks=2, steps=40, quality=0.05)
    stale = shop.scratch / "query_encoder" / "of-another-encoder" / "bundle.work"
    stale.mkdir(parents=True)
    build_shop(shop, Quiet())
    assert not (shop.scratch / "query_encoder").exists(), "half a gigabyte a build stays behind"
    whole, small = outputs_of(shop, "compress"), outputs_of(shop, "query_encoder")
    assert small.get("refused") is None
    artefact = fetch(shop, small)
    assert list(artefact.manifest.parents) == [f"encoder/match/{whole['version']}"]
    assert 0.05 <= artefact.manifest.metrics["parity"]["score_kept"] <= 1.0
    assert artefact.manifest.metrics["parity"]["original_metric"] is not None
    with open_engine(shop, watch=False) as engine:
        parts = engine.serving.parts
        assert parts.encoder_of("query") == (parts.query_encoder, artefact.reference)
        assert parts.encoder_of("passage")[0] is parts.encoder_of("together")[0] is parts.encoder
        asked = parts.encoder_of("query")[0].encode(["green tea"], "query")
        np.testing.assert_array_equal(asked, open_encoder(artefact.path).encode(["green tea"], "query"))


def test_a_shop_that_asks_for_none_has_none_and_asking_for_one_leaves_the_rest_alone(make_shop: Any) -> None:
    build_shop(make_shop(), Quiet())
    shop = make_shop(blocks=2, steps=10, quality=0.05)
    before = {name: outputs_of(shop, name) for name in ("weights", "compress", "encode", "index")}
    assert outputs_of(shop, "query_encoder")["version"] is None
    build_shop(shop, Quiet())
    assert {name: outputs_of(shop, name) for name in before} == before
    assert outputs_of(shop, "query_encoder")["version"] is not None


def test_one_that_finds_too_little_is_refused_and_the_whole_answers(make_shop: Any) -> None:
    shop, reporter = make_shop(blocks=1, steps=10, quality=1.0), Quiet()
    build_shop(shop, reporter)
    assert any("score_kept" in line and "the whole encoder answers queries" in line for line in reporter.notes)
    assert not any("fp32" in line for line in reporter.notes), "a remedy that is none for a student"
    assert "score_kept" in outputs_of(shop, "query_encoder")["refused"]
    with open_engine(shop, watch=False) as engine:
        assert engine.serving.parts.encoder_of("query")[0] is engine.serving.parts.encoder


def test_a_searched_encoder_answers_queries_itself(make_shop: Any) -> None:
    context = Context(make_shop(blocks=2), {"compress": {"version": "one", "chosen": {}}})
    reporter = Noting([])
    assert step.STEP.run(context, reporter) == step.NOTHING
    assert "answers queries itself" in reporter._notes[0]


def test_no_judged_query_is_learned_in_any_case_of_letters(make_shop: Any) -> None:
    shop = make_shop()
    context = build_shop(shop, Quiet())
    snapshot = snapshot_of(context)
    lessons = query_lessons(shop, snapshot.items(), snapshot.events(), vectors_of(context))
    learned = {text.lower() for text in (*lessons.texts, *lessons.queries)}
    assert "tea green" in learned and "soap blue" in learned
    assert learned.isdisjoint({"green tea", "red soap"})
    np.testing.assert_array_equal(
        lessons.passages.of(["tea green"])[0],
        vectors_of(context)[snapshot.items()["title"].to_pylist().index("tea green")],
    )
