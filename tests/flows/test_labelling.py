"""From a pool of texts to labels that training reads, on a tiny encoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tradewind.data.answers import Answer, write_sheet
from tradewind.data.examples import read_examples
from tradewind.errors import ConfigError, DataError
from tradewind.flows.estimators import learn_estimator
from tradewind.flows.labelling import Pool, answer_file, cached_vectors, choose_questions, take_sheet
from tradewind.settings import Shop, load_shop
from tradewind.tasks.category import Category
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder

WORDS = ["[PAD]", "[UNK]", "passage", ":", "milk", "cheese", "bread", "rolls", *"123456789"]
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
      batch_size: 8
      learning_rate: 0.01
      max_steps: 60
      examples: {{source: {{path: labelled.csv}}, text: title, target: kind, answers: more.csv}}
    fresh:
      task: category
      examples: {{source: {{path: labels/fresh.csv}}, text: text, target: label}}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    tiny_encoder(root / "encoder", WORDS)
    (root / "shop.yaml").write_text(SHOP.format(encoder=root / "encoder"))
    kinds = {"milk": "dairy", "bread": "bakery"}
    rows = [f"{word} {a} {b},{kind}" for word, kind in kinds.items() for a in range(1, 6) for b in "abcd"]
    (root / "labelled.csv").write_text("\n".join(["title,kind", *rows]) + "\n")
    pool = ["milk 1 a", "milk 1 e", "bread 2 e", "milk bread", "bread 3 e", "milk 3 e", "milk 3 e"]
    (root / "pool.csv").write_text("\n".join(["name", *pool]) + "\n")
    return load_shop(root)


@pytest.fixture(scope="module")
def learned(shop: Shop) -> Shop:
    # Groups are texts without numbers: here the letters part them.
    learn_estimator(shop, "aisle", SilentProgress())
    return shop


def test_the_unsure_text_is_asked_for_first_with_guesses(learned: Shop) -> None:
    found = choose_questions(learned, "aisle", Pool(learned.root / "pool.csv", "{name}", 5), SilentProgress())
    texts = [question.text for question in found.asked]
    surest = [question.guesses[0].probability for question in found.asked]
    assert surest == sorted(surest)
    assert surest[0] < surest[-1]
    assert "milk 1 a" not in texts
    assert sorted(texts) == ["bread 2 e", "bread 3 e", "milk 1 e", "milk 3 e", "milk bread"]
    assert {choice.label for choice in found.asked[0].guesses} == {"dairy", "bakery"}
    assert found.learned


def test_nothing_is_learned_yet_and_the_texts_that_differ_are_asked_for(shop: Shop) -> None:
    found = choose_questions(shop, "fresh", Pool(shop.root / "pool.csv", "name", 3), SilentProgress())
    assert not found.learned
    assert len({question.text for question in found.asked}) == 3
    assert {question.text.split()[0] for question in found.asked} >= {"milk", "bread"}
    assert not found.asked[0].guesses


def test_what_was_answered_is_read_by_training_and_not_asked_again(learned: Shop) -> None:
    file = answer_file(learned, "aisle")
    file.append([Answer("bread 3 e", "bakery")])
    settings = learned.settings.learn.estimators["aisle"].examples
    examples, _ = read_examples(learned, "aisle", settings, Category().parse)
    assert examples.texts[-1] == "bread 3 e"
    assert examples.targets[-1] == ("bakery",)
    assert examples.places[-1] == "more.csv:2"
    asked = choose_questions(learned, "aisle", Pool(learned.root / "pool.csv", "name"), SilentProgress()).asked
    assert "bread 3 e" not in [question.text for question in asked]


def test_a_sheet_is_taken_once(learned: Shop, tmp_path: Path) -> None:
    write_sheet(tmp_path / "s.csv", [("milk 1 e", []), ("rolls 3", [])])
    sheet = (tmp_path / "s.csv").read_text(encoding="utf-8-sig").replace("milk 1 e,", "milk 1 e,dairy")
    (tmp_path / "s.csv").write_text(sheet.replace("rolls 3,", "rolls 3,rolls"))
    first, again = (take_sheet(learned, "aisle", tmp_path / "s.csv") for _ in range(2))
    assert (first.kept, first.repeats, first.new_labels) == (2, 0, ("rolls",))
    assert (again.kept, again.repeats) == (0, 2)


def test_a_pool_whose_texts_all_have_labels_says_so(learned: Shop, tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("name\nmilk 1 a\n")
    with pytest.raises(DataError, match="each of 1 texts has a label"):
        choose_questions(learned, "aisle", Pool(tmp_path / "p.csv", "name"), SilentProgress())


def test_a_wrong_strategy_is_refused(learned: Shop) -> None:
    with pytest.raises(ConfigError, match="strategies are"):
        choose_questions(learned, "aisle", Pool(learned.root / "pool.csv", "name", 2, "luck"), SilentProgress())


def test_vectors_are_computed_once_and_a_broken_file_costs_no_more_than_time(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def encode(texts: list[str]) -> np.ndarray:
        asked.append(list(texts))
        return np.array([[len(text), 1.0] for text in texts], np.float32)

    file = tmp_path / "v.npz"
    first = cached_vectors(file, "v1", ["a", "bb"], encode)
    second = cached_vectors(file, "v1", ["bb", "ccc"], encode)
    file.write_bytes(b"PK broken")
    third = cached_vectors(file, "v1", ["bb"], encode)
    assert asked == [["a", "bb"], ["ccc"], ["bb"]]
    assert json.dumps([first[1].tolist(), third[0].tolist()]) == json.dumps([second[0].tolist()] * 2)
