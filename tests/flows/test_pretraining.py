"""From a shop's tables to a folder that `encoder.pretrained: dir:…` takes, licence and reading with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.data.ingest import ingest
from tradewind.errors import ConfigError, NotFoundError
from tradewind.flows.pretraining import pretrain_encoder, shop_texts
from tradewind.models.origin import Origin, read_origin, write_origin
from tradewind.models.pretrained import resolve
from tradewind.settings import Shop, load_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder

WORDS = ["[PAD]", "[UNK]", "[MASK]", "passage", "query", ":", "milk", "cheese", "bread", "rolls", *"abcdefgh"]
SHOP = """
shop: tiny
notice: Made up for a test.
languages: [en]
items: {{source: {{path: items.csv}}, id: id, title: title, text: "{{title}}"}}
encoder: {{pretrained: "dir:{encoder}", trim_vocabulary: false}}
learn:
  threads: 1
  pretrain: {pretrain}
"""


def made(root: Path, pretrain: str) -> Shop:
    encoder = tiny_encoder(root / "encoder", WORDS)
    write_origin(
        Origin("a maker", "0" * 64, "MIT", {"query": "query: ", "passage": "passage: ", "together": ""}), encoder
    )
    (root / "shop.yaml").write_text(SHOP.format(encoder=encoder, pretrain=pretrain))
    titles = [f"{kind} {one} {other}" for kind in ("milk", "bread") for one in "abcd" for other in "abcdefgh"]
    (root / "items.csv").write_text("id,title\n" + "".join(f"{n},{title}\n" for n, title in enumerate(titles)))
    (root / "reviews.csv").write_text("said\ncheese a b\nrolls c d\nmail me at jane@example.com\n")
    return load_shop(root)


def test_the_folder_is_a_checkpoint_with_its_licence_and_reading(tmp_path: Path) -> None:
    shop = made(tmp_path, "{max_steps: 4}")
    ingest(shop, SilentProgress())
    found = pretrain_encoder(shop, None, SilentProgress())
    assert set(found.table.rows) == {"frequencies", "before", "after"}
    again = resolve(f"dir:{found.folder}", tmp_path / "cache", trim=False)
    assert again.licence == "MIT"
    assert again.prefixes["passage"] == "passage: "
    assert "a maker" in again.weights_source
    origin = read_origin(found.folder)
    assert origin is not None
    assert origin.notice == "Made up for a test."
    assert "before" in found.report.read_text(encoding="utf-8")


def test_texts_come_from_catalogue_and_table_with_personal_data_masked(tmp_path: Path) -> None:
    shop = made(tmp_path, "{texts: {source: {path: reviews.csv}, text: said}}")
    with pytest.raises(NotFoundError, match="ingest"):
        shop_texts(shop)
    ingest(shop, SilentProgress())
    texts = shop_texts(shop)
    assert len(texts) == 64 + 3
    assert "cheese a b" in texts
    assert not any("jane@" in text for text in texts)


def test_no_texts_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names no texts"):
        shop_texts(made(tmp_path, "{catalogue: false}"))
