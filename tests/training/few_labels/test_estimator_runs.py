"""An estimator learned with pseudo-labels and looked through for wrong labels, on a tiny encoder."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tradewind.data.examples import read_examples
from tradewind.errors import DataError
from tradewind.models.pretrained import resolve
from tradewind.settings import Shop, load_shop
from tradewind.tasks.category import Category
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder
from tradewind.training import estimator, estimator_run
from tradewind.training.few_labels.guessing import Guesses, guess
from tradewind.training.few_labels.pseudo import Guessed

SIZES = [f"s{letter}" for letter in "abcdefghij"]
WORDS = ["[PAD]", "[UNK]", "milk", "cheese", "bread", "rolls", *SIZES]
KINDS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}
SHOP = """
shop: tiny
languages: [en]
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
      batch_size: 8
      learning_rate: 0.05
      max_steps: 40
      techniques: {{suspicious: true}}
      examples:
        source: {{path: labelled.csv}}
        text: title
        target: kind
        unlabelled: {{source: {{path: pool.csv}}, text: title, confidence: 0.5, per_class: 5}}
"""
Report = tuple[dict[str, Any], Path]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    tiny_encoder(root / "encoder", WORDS, inner=16, layers=1)
    (root / "shop.yaml").write_text(SHOP.format(encoder=root / "encoder"))
    rows = [f"{word} {size},{kind}" for word, kind in KINDS.items() for size in SIZES]
    rows[3] = rows[3].replace("dairy", "bakery")
    (root / "labelled.csv").write_text("\n".join(["title,kind", *rows]) + "\n")
    pool = [f"{word} {one} {other}" for word in KINDS for one in SIZES[:3] for other in SIZES[3:6]]
    (root / "pool.csv").write_text("\n".join(["title", *pool, *(row.split(",")[0] for row in rows)]) + "\n")
    return load_shop(root)


def learn(shop: Shop, out: Path) -> Report:
    settings = shop.settings.learn.estimators["aisle"]
    examples, _ = read_examples(shop, "aisle", settings.examples, Category().parse)
    checkpoint = resolve(shop.settings.encoder.pretrained, trim=False, languages=["en"])
    result, _ = estimator.train(shop, "aisle", examples, checkpoint, out, SilentProgress())
    return {"notes": " ".join(result.tables[0].notes), "rows": result.tables[0].rows, "claims": result.claims}, out


@pytest.fixture(scope="module")
def told(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Report:
    return learn(shop, tmp_path_factory.mktemp("run"))


def test_the_run_with_pseudo_labels_stands_beside_the_one_without(told: Report) -> None:
    report, out = told
    rows = list(report["rows"])
    assert rows[0] in ("without pseudo-labels", "with pseudo-labels")
    assert rows[1:] == ["commonest", "character n-grams", "tuned"]
    assert "of 36 unlabelled texts" in report["notes"]
    assert list(next(iter(json.loads((out / "report.json").read_text())["tables"].values()))) == rows


def test_the_claim_is_still_against_the_strongest_baseline(told: Report) -> None:
    assert "character n-grams" in told[0]["claims"][0].claim


def test_a_wrong_label_is_listed_where_it_stands(told: Report) -> None:
    report, out = told
    with (out / "suspicious.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"{len(rows)} of 40 rows have a label that is probably wrong" in report["notes"]
    assert ("labelled.csv", "5", "bakery", "dairy") in [
        (row["file"], row["line"], row["given"], row["likely"]) for row in rows
    ]


def test_guesses_that_hurt_are_refused_and_no_tested_text_is_guessed(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: list[Guesses] = []

    def wrong(*given: Any) -> Guesses:
        real.append(guess(*given))
        other = {"dairy": "bakery", "bakery": "dairy"}
        texts = [f"{word} {size}" for word in KINDS for size in SIZES] * 3
        return Guesses(Guessed(texts, [other[KINDS[text.split()[0]]] for text in texts]), len(texts), 1.0)

    monkeypatch.setattr(estimator_run, "guess", wrong)
    report, _ = learn(shop, tmp_path)
    assert "not kept" in report["notes"]
    refused = report["rows"]["with pseudo-labels"]
    assert refused["accuracy"] < report["rows"]["tuned"]["accuracy"]
    labelled = {row.split(",")[0] for row in (shop.root / "labelled.csv").read_text().splitlines()}
    assert real[0].sure.texts
    assert not labelled & set(real[0].sure.texts)


def test_a_pool_that_lacks_the_column_says_so(shop: Shop, tmp_path: Path) -> None:
    pool = (shop.root / "pool.csv").read_text()
    (shop.root / "pool.csv").write_text(pool.replace("title", "titel", 1))
    try:
        with pytest.raises(DataError, match="did you mean 'titel'"):
            learn(shop, tmp_path)
    finally:
        (shop.root / "pool.csv").write_text(pool)
