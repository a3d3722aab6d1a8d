"""`tradewind compress` with limits, on a shop of thirty items and a tiny encoder: searched, gated, published, told."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest

from tradewind.cli.compressed import compress_again
from tradewind.compression.search import techniques as registered
from tradewind.compression.search.candidate import Form, Outline, Technique
from tradewind.compression.search.techniques import Pruned, Whole
from tradewind.errors import ParityError, RequestError
from tradewind.flows.ledger import Ledger
from tradewind.flows.publishing import fetch
from tradewind.runtime.opening import open_encoder
from tradewind.settings import Shop, load_shop
from tradewind.testing.pretrained import tiny_encoder

YAML = """shop: Tiny
items: {{source: {{path: items.csv}}, id: id, title: title}}
encoder: {{pretrained: "dir:{folder}", trim_vocabulary: false, max_tokens: 32}}
learn: {{match: {{enabled: false}}}}
"""
KINDS = ("tea", "milk", "bread", "soap", "oil", "rice")
FORMS = (Form("int8-static", "onnx"), Form("int8", "onnx"))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    tokens = ["[UNK]", "[PAD]", *string.ascii_lowercase, *string.digits, *KINDS, "query", "passage", ":"]
    encoder = tiny_encoder(root / "encoder", tokens, layers=4, by_character=True)
    rows = [f"{number},{kind} {colour}" for number, kind in enumerate(KINDS) for colour in ("a", "b", "c", "d", "e")]
    numbered = [f"{place},{row.partition(',')[2]}" for place, row in enumerate(rows)]
    (root / "items.csv").write_text("\n".join(["id,title", *numbered]) + "\n", encoding="utf-8")
    (root / "shop.yaml").write_text(YAML.format(folder=encoder), encoding="utf-8")
    return load_shop(root)


@pytest.fixture(autouse=True)
def few_techniques(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two forms of the whole encoder and half of its blocks, in place of all that are registered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(registered, "FORMS", FORMS)

    def few(outline: Outline) -> list[Technique]:
        return [Whole(), Pruned(outline.blocks // 2, outline.heads, 1.0, False, outline)]

    monkeypatch.setattr(registered, "TECHNIQUES", {"few": few})


def _asked(**given: Any) -> dict[str, Any]:
    return {"target": None, "size": None, "quality": None, "minutes": None} | given


def _published(shop: Shop) -> dict[str, Any]:
    entry = Ledger(shop.work / "ledger.json").entry("compress")
    assert entry is not None
    return entry.outputs


def test_the_chosen_point_is_published_as_the_shops_encoder(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    compress_again(shop, _asked(quality=0.5), json=False)
    outputs = _published(shop)
    chosen = outputs["chosen"]
    artefact = fetch(shop, outputs)
    assert open_encoder(artefact.path).encode(["tea a"], "query").shape == (1, chosen["dimension"])
    assert artefact.manifest.config["point"]["key"] == chosen["key"]
    assert artefact.manifest.metrics["parity"]["score_kept"] >= 0.5
    printed = capsys.readouterr().out
    assert "→" in printed
    assert "compression.html" in printed
    page = (shop.reports / "compression.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert chosen["name"] in page


def test_json_has_every_point_and_goes_on_where_it_was(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    compress_again(shop, _asked(quality=0.5), json=True)
    told = json.loads(capsys.readouterr().out)
    assert {point["technique"] for point in told["points"]} == {"whole", "2 blocks"}
    assert told["chosen"]["key"] in {point["key"] for point in told["points"] if point["on_frontier"]}


def test_what_nothing_reaches_names_the_nearest_and_leaves_the_old_encoder(shop: Shop) -> None:
    compress_again(shop, _asked(quality=0.5), json=True)
    before = _published(shop)["version"]
    with pytest.raises(ParityError, match=r"nothing reaches 1e-06 ms, quality 0\.9 \(the nearest is"):
        compress_again(shop, _asked(target="0.000001ms"), json=True)
    assert _published(shop)["version"] == before
    assert json.loads((shop.reports / "compression.json").read_text(encoding="utf-8"))["chosen"] is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target": "fast"}, r"--target fast: not a time such as 3ms"),
        ({"size": "20"}, r"--size 20: not a size such as 20MB"),
        ({"quality": 98.0}, r"--quality 98.0: Input should be less than or equal to 1"),
    ],
)
def test_a_malformed_limit_is_refused_before_any_work(shop: Shop, given: dict[str, Any], said: str) -> None:
    with pytest.raises(RequestError, match=said):
        compress_again(shop, _asked(**given), json=False)
