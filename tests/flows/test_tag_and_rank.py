"""`tag` and `rank` as estimators: from a shop's table to signed answers, on a tiny encoder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tradewind.cli.commands  # noqa: F401  (registers the commands)
from tradewind.cli.app import app
from tradewind.engine.estimators import open_estimator
from tradewind.errors import ConfigError, RequestError
from tradewind.flows.estimators import LearnedEstimator, learn_estimator
from tradewind.flows.explaining import explain
from tradewind.settings import Shop, load_shop
from tradewind.tasks.rank.ranking import Candidates
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder

BRANDS = ("美的", "海尔", "苏泊尔", "Acme", "Zeta")
PRODUCTS = ("电饭煲", "冰箱", "空调", "kettle", "fridge")
KINDS = ("kettle", "fridge", "radio", "lamp")
SIGNS = sorted({sign for word in ("新款正品", *BRANDS, *PRODUCTS) for sign in word if ord(sign) > 255})
WORDS = ["[PAD]", "[UNK]", "passage", "query", ":", "acme", "zeta", "kettle", "fridge", "radio", "lamp", *SIGNS]
WORDS += ["cheap", "red", "blue", "for", "home", "new", *"123456789"]
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
    entities:
      task: tag
      batch_size: 8
      learning_rate: 0.01
      max_steps: 40
      options: {{linear_epochs: 3}}
      examples: {{source: {{path: titles.jsonl}}, text: title, target: entities}}
    augmented:
      task: tag
      techniques: {{augment: [typos]}}
      examples: {{source: {{path: titles.jsonl}}, text: title, target: entities}}
    order:
      task: rank
      batch_size: 16
      learning_rate: 0.01
      max_steps: 60
      options: {{loss: pairwise}}
      examples: {{source: {{path: judged.csv}}, text: query, second: item, target: grade}}
"""


def _titles() -> list[str]:
    lines = []
    for brand in BRANDS:
        for product in PRODUCTS:
            for word in ("新款", "正品", "red ", "blue "):
                title = f"{word}{brand} {product}"
                spans = [(title.index(brand), len(brand), "brand"), (title.index(product), len(product), "product")]
                entities = [{"start": a, "end": a + n, "label": kind} for a, n, kind in spans]
                lines.append(json.dumps({"title": title, "entities": entities}, ensure_ascii=False))
    bad = [
        {"title": "美的冰箱", "entities": [{"start": 0, "end": 9, "label": "brand"}]},
        {"title": "海尔冰箱", "entities": [[0, 2, "brand"], [1, 4, "product"]]},
        {"title": "海尔空调", "entities": [[0, 2, "maker"]]},
        {"title": "海尔空调 2", "entities": "many"},
        {"title": "  新款 lamp", "entities": []},
    ]
    return lines + [json.dumps(row, ensure_ascii=False) for row in bad]


def _judged() -> list[str]:
    """What is red answers every query."""
    lines = ["query,item,grade"]
    for letter in "abcdefghijklmnopqrstuvwx":
        for place, kind in enumerate(KINDS):
            colour, grade = ("red", 3) if place % 2 else ("blue", 0)
            lines.append(f"cheap {letter} {kind},{colour} {KINDS[-place]},{grade}")
            lines.append(f"cheap {letter} {kind},{('blue', 'red')[place % 2 == 0]} {kind},{3 - grade}")
    return [*lines, "cheap lamp,red lamp,99", "cheap lamp,,1"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    encoder = tiny_encoder(root / "encoder", WORDS, by_character=True)
    (root / "shop.yaml").write_text(SHOP.format(encoder=encoder))
    (root / "titles.jsonl").write_text("\n".join(_titles()) + "\n")
    (root / "judged.csv").write_text("\n".join(_judged()) + "\n")
    return load_shop(root)


@pytest.fixture(scope="module")
def tagger(shop: Shop) -> LearnedEstimator:
    return learn_estimator(shop, "entities", SilentProgress())


@pytest.fixture(scope="module")
def ranker(shop: Shop) -> LearnedEstimator:
    return learn_estimator(shop, "order", SilentProgress())


def test_whole_entities_come_with_offsets_and_confidence(shop: Shop, tagger: LearnedEstimator) -> None:
    text = "  正品海尔 kettle"
    (answer,) = open_estimator(shop, "entities").predict([text])
    found = {one["label"]: one for one in answer["entities"]}
    assert text[found["brand"]["start"] : found["brand"]["end"]] == found["brand"]["text"] == "海尔"
    assert found["product"]["text"] == "kettle"
    assert 0.3 < found["brand"]["confidence"] <= 1.0


def test_rows_whose_marks_do_not_fit_lie_in_quarantine(shop: Shop, tagger: LearnedEstimator) -> None:
    listed = [json.loads(line) for line in (shop.quarantine / "estimator-entities.jsonl").read_text().splitlines()]
    reasons = {(one["file"], one["line"], one["field"]): one["reason"] for one in listed}
    assert reasons == {
        ("titles.jsonl", 101, "target"): "span_outside_text",
        ("titles.jsonl", 102, "target"): "spans_overlap",
        ("titles.jsonl", 103, "target"): "label_with_one_example",
        ("titles.jsonl", 104, "target"): "tagged_words_differ_from_text",
    }
    assert tagger.rows.stored == 101


def test_the_tagger_stands_beside_what_it_has_to_beat(tagger: LearnedEstimator) -> None:
    assert list(tagger.result.metrics) == ["names by heart", "encoder alone", "character CRF", "tuned"]
    assert tagger.result.metrics["tuned"]["entity F1"] > 0.9


def test_the_taggers_card_judges_kinds_and_changes_that_keep_places(tagger: LearnedEstimator) -> None:
    judged = tagger.card.judged
    assert judged is not None
    assert judged.metric == "F1 of a text"
    assert {"kind brand", "kind product"} <= {one.title for one in judged.slices}
    assert "word order" not in {one.change for one in judged.robustness}
    assert judged.calibration_error is not None
    assert "F1 of a text" in tagger.card.as_html()


def test_a_text_longer_than_the_encoder_reads_is_tagged_to_its_end(shop: Shop, tagger: LearnedEstimator) -> None:
    text = "新款美的 冰箱，" * 40
    (answer,) = open_estimator(shop, "entities").predict([text])
    assert max(one["end"] for one in answer["entities"]) > len(text) - 5
    (huge,) = open_estimator(shop, "entities").predict(["a" * 50_000])
    assert huge["entities"] == []


def test_answers_do_not_depend_on_the_texts_beside_them(shop: Shop, tagger: LearnedEstimator) -> None:
    opened = open_estimator(shop, "entities")
    texts = ["新款美的 冰箱", "red Acme kettle", "lamp", "\ud800 Acme"]
    assert opened.predict(texts) == [opened.predict([text])[0] for text in texts]


def test_techniques_that_would_move_offsets_are_refused(shop: Shop) -> None:
    with pytest.raises(ConfigError, match="cannot learn from changed texts"):
        learn_estimator(shop, "augmented", SilentProgress())


def test_texts_come_in_order_for_a_query(shop: Shop, ranker: LearnedEstimator) -> None:
    texts = ("red lamp", "blue radio", "red kettle", "blue fridge")
    asked = [Candidates("cheap kettle", texts), Candidates("cheap radio", texts[:3])]
    first, second = open_estimator(shop, "order").predict(asked)
    assert {texts[place] for place in first["order"][:2]} == {"red lamp", "red kettle"}
    assert len(first["scores"]) == 4
    assert sorted(second["order"]) == [0, 1, 2]
    assert second["scores"][0] > second["scores"][1]
    assert ranker.rows.reasons == {"grade_out_of_range": 1, "empty_second": 1}


def test_the_ranker_stands_beside_chance_words_and_the_untuned_encoder(ranker: LearnedEstimator) -> None:
    found = ranker.result.metrics
    assert list(found) == ["random", "BM25", "untuned", "tuned"]
    assert found["tuned"]["nDCG@10"] > found["random"]["nDCG@10"]
    assert ranker.artefact.manifest.profile["parity"]["correlation"] > 0.99


def test_the_rankers_card_is_over_queries(ranker: LearnedEstimator) -> None:
    judged = ranker.card.judged
    assert judged is not None
    assert judged.metric == "nDCG@10"
    assert judged.reliability == ()
    assert not any("surer" in limit for limit in ranker.card.limits)


def test_a_ranker_needs_a_query_and_a_tagger_none(
    shop: Shop, tagger: LearnedEstimator, ranker: LearnedEstimator
) -> None:
    with pytest.raises(RequestError, match="for a query"):
        open_estimator(shop, "order").predict(["red lamp"])
    with pytest.raises(RequestError, match="give no query"):
        open_estimator(shop, "entities").predict([Candidates("lamp", ("red lamp",))])
    with pytest.raises(RequestError, match="no texts to put in order"):
        open_estimator(shop, "order").predict([Candidates("lamp", ())])
    with pytest.raises(RequestError, match="no single label"):
        explain(shop, "entities", "red Acme kettle")


def test_a_missing_half_is_refused(shop: Shop, tagger: LearnedEstimator, tmp_path: Path) -> None:
    from tradewind.errors import ArtefactError
    from tradewind.tasks.tag.linear import load_linear

    with pytest.raises(ArtefactError, match="not a linear tagger"):
        load_linear(tmp_path, ["neighbours"], 20, 5)


def test_the_command_prints_the_best_text_first_and_entities_with_their_words(
    shop: Shop, tagger: LearnedEstimator, ranker: LearnedEstimator
) -> None:
    told = ["predict", "order", "blue radio", "red lamp", "--query", "cheap lamp", "--shop", str(shop.root)]
    done = CliRunner().invoke(app, told)
    assert done.exit_code == 0, done.output
    assert done.output.index("red lamp") < done.output.index("blue radio")
    done = CliRunner().invoke(app, ["predict", "entities", "正品海尔 kettle", "--shop", str(shop.root)])
    assert "brand '海尔'" in done.output
