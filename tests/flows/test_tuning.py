"""An estimator's rate is tested and its settings are searched, from the table to a block for shop.yaml."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tradewind.errors import ConfigError
from tradewind.flows.rates import find_rate
from tradewind.flows.tuning import tune_estimator
from tradewind.settings import EstimatorSettings, Shop, load_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder

WORDS = ["[PAD]", "[UNK]", "passage", ":", "milk", "cheese", "bread", "rolls", *"123456789"]
SHOP = """
shop: tiny
languages: [en]
items: {{source: {{path: items.csv}}, id: id, title: title}}
encoder: {{pretrained: "dir:{encoder}", trim_vocabulary: false}}
learn:
  threads: 1
  search: {{learning_rate: [0.001, 0.05], batch_size: [8], max_steps: [10, 30]}}
  estimators:
    aisle:
      task: category
      batch_size: 8
      learning_rate: 0.002
      max_steps: 20
      examples: {{source: {{path: labelled.csv}}, text: title, target: section}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    encoder = tiny_encoder(root / "encoder", WORDS)
    (root / "shop.yaml").write_text(SHOP.format(encoder=encoder))
    kinds = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}
    pairs = [(f"{one} {other} {n}", kinds[one]) for one in kinds for other in kinds for n in range(1, 4)]
    (root / "labelled.csv").write_text("title,section\n" + "".join(f"{text},{label}\n" for text, label in pairs))
    return load_shop(root)


def test_the_rate_is_found_drawn_and_nothing_of_the_run_is_left(shop: Shop) -> None:
    found = find_rate(shop, "aisle", SilentProgress())
    assert len(found.curve.losses) > 10
    page = found.report.read_text(encoding="utf-8")
    assert "Loss while the learning rate rises" in page
    assert [path.name for path in found.report.parent.iterdir()] == ["rate.html"]


def test_a_search_gives_a_block_that_shop_yaml_takes_and_measures_it_beside_the_defaults(shop: Shop) -> None:
    tuned = tune_estimator(shop, "aisle", 5.0, 4, SilentProgress())
    block = yaml.safe_load(tuned.block)["learn"]["estimators"]["aisle"]
    own = shop.settings.learn.estimators["aisle"].model_dump()
    assert EstimatorSettings.model_validate(own | block)
    assert "tuned" in tuned.table.rows
    assert "character n-grams" in tuned.table.rows
    if tuned.found.best.usual:
        assert block == {}
        assert "keep them" in tuned.verdict
    else:
        assert block["learning_rate"] == pytest.approx(tuned.found.best.values["learning_rate"], rel=0.01)
        assert "defaults" in tuned.table.rows
        assert "95 % interval" in tuned.verdict
    page = tuned.report.read_text(encoding="utf-8")
    assert "How the search went on" in page
    assert tuned.verdict.split(":")[0] in page
    again = tune_estimator(shop, "aisle", 5.0, 4, SilentProgress())
    assert again.found.resumed == 4
    assert again.table.rows == tuned.table.rows


def test_other_data_begins_a_search_of_its_own(shop: Shop, tmp_path: Path) -> None:
    table = shop.root / "labelled.csv"
    before = table.read_text()
    try:
        table.write_text(before + "milk cheese rolls 4,dairy\n")
        assert tune_estimator(replace(shop), "aisle", 5.0, 2, SilentProgress()).found.resumed == 0
    finally:
        table.write_text(before)


def test_a_budget_that_is_none_is_refused(shop: Shop) -> None:
    with pytest.raises(ConfigError, match="no search"):
        tune_estimator(shop, "aisle", 0.0, 10, SilentProgress())
