"""An estimator's card and its gate, on a tiny encoder."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest

from tradewind.engine.estimators import open_estimator
from tradewind.errors import GateError
from tradewind.flows.estimators import LearnedEstimator, learn_estimator
from tradewind.flows.perturbations import PERTURBATIONS
from tradewind.settings import Shop, load_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder

WORDS = ["[PAD]", "[UNK]", "passage", ":", "milk", "cheese", "bread", "rolls", *"123456789"]
SHOP = """
shop: tiny
languages: [en, zh]
items: {{source: {{path: items.csv}}, id: id, title: title}}
events: []
encoder: {{pretrained: "dir:{encoder}", trim_vocabulary: false}}
learn:
  effort: quick
  threads: 1
  estimators:
    aisle:
      task: category
      method: head
      batch_size: 16
      learning_rate: 0.03
      max_steps: 150
      gate: {{metric: {{accuracy: 0.5}}, slice_drop: 0.15}}
      examples: {{source: {{path: labelled.csv}}, text: title, target: "{{department}} > {{section}}", group: group}}
"""
KINDS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}


def write_table(root: Path, planted: bool) -> None:
    """Every fourth text is Chinese, which the encoder cannot read; its shelf is one of four by chance when planted."""
    random = Random(7)
    lines = ["title,department,section,group"]
    for number in range(60):
        for kind, department in KINDS.items():
            lines.append(f"{kind} {number % 9 + 1} {number // 9 + 1},{department},{kind},{number}")
        for place in range(4) if planted else ():
            kind = random.choice(list(KINDS))
            lines.append(f"茶 {number % 9 + 1} {number // 9 + 1} {place + 1},{KINDS[kind]},{kind},{number}")
    (root / "labelled.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    (root / "shop.yaml").write_text(SHOP.format(encoder=tiny_encoder(root / "encoder", WORDS)))
    return load_shop(root)


@pytest.fixture(scope="module")
def learned(shop: Shop) -> LearnedEstimator:
    write_table(shop.root, planted=False)
    return learn_estimator(shop, "aisle", SilentProgress())


def test_the_cards_figures_are_those_of_the_run(learned: LearnedEstimator) -> None:
    card = json.loads((learned.artefact.path / "card.json").read_text())
    (table,) = card["run"].values()
    assert table["tuned"] == learned.result.metrics["tuned"]
    assert list(table) == ["commonest", "character n-grams", "tuned"]
    assert card["published"]["figures"]["accuracy"] == pytest.approx(table["tuned"]["accuracy"], abs=0.02)
    assert card["published"]["whole"]["mean"] == card["published"]["figures"]["accuracy"]
    by_label = [one for one in card["published"]["slices"] if one["by"] == "label"]
    assert {one["name"] for one in by_label} == {f"{department} > {kind}" for kind, department in KINDS.items()}
    assert sum(one["rows"] for one in by_label) == card["published"]["rows"]


def test_the_card_says_what_the_model_was_made_of(learned: LearnedEstimator) -> None:
    card = json.loads((learned.artefact.path / "card.json").read_text())
    assert card["data"]["sha256"] == learned.artefact.manifest.snapshot
    assert card["data"]["read"] == card["data"]["stored"] == 240
    assert card["data"]["columns"]["target"] == "{department} > {section}"
    assert card["weights"]["sha256"] == learned.result.facts["weights sha256"]
    assert card["cost"]["energy_estimate"]["measured"] is False
    assert card["cost"]["cpu_seconds"] > 0
    assert card["seed"] == 13
    assert any("rows learned" in note and "tested" in note for note in card["notes"])
    assert "no tested text is in zh: how good it is there was not measured" in card["limits"]
    page = (learned.result.report.parent / "card.html").read_text()
    assert "Model card: aisle" in page
    assert "Known limits" in page


def test_changes_that_the_tokeniser_undoes_cost_nothing(learned: LearnedEstimator) -> None:
    assert learned.card.judged
    found = {one.change: one for one in learned.card.judged.robustness}
    assert found["case"].drop.mean == 0.0
    assert found["full or half width"].drop.mean > 0.2


def test_a_planted_weak_slice_fails_the_gate_by_name_and_the_old_version_answers(
    shop: Shop, learned: LearnedEstimator
) -> None:
    write_table(shop.root, planted=True)
    with pytest.raises(GateError, match="slice language zh: accuracy") as missed:
        learn_estimator(shop, "aisle", SilentProgress())
    assert f"version {learned.artefact.version} goes on answering" in str(missed.value)
    assert open_estimator(shop, "aisle").version == learned.artefact.version
    card = json.loads((shop.scratch / "estimator/aisle/card.json").read_text())
    assert any("slice language zh" in said for said in card["gate_missed"])


@pytest.mark.parametrize(
    ("name", "text", "changed"),
    [
        ("case", "Green tea", "GREEN TEA"),
        ("case", "TEA", "tea"),
        ("full or half width", "tea 5", "ｔｅａ　５"),
        ("full or half width", "茶 ５", "茶 5"),
        ("traditional or simplified", "绿茶", "綠茶"),
        ("traditional or simplified", "綠茶", "绿茶"),
        ("traditional or simplified", "tea", "tea"),
    ],
)
def test_a_text_is_said_in_another_form(name: str, text: str, changed: str) -> None:
    assert PERTURBATIONS[name](text, Random(1)) == changed
