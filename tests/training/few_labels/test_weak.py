"""What rules say of unlabelled texts is learned on a tiny encoder, held to the learned rows, and can be taken away."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.data.examples import Examples, read_examples
from tradewind.data.group_rows import group_rows
from tradewind.data.label_rules import Rule, Rules
from tradewind.errors import ConfigError
from tradewind.models.pretrained import resolve
from tradewind.settings import Shop, load_shop
from tradewind.tasks.category import Category
from tradewind.tasks.label_probabilities import label_probabilities
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder
from tradewind.training import estimator
from tradewind.training.estimator_run import EstimatorJob, EstimatorRun
from tradewind.training.few_labels.pseudo import Guessed
from tradewind.training.few_labels.weak import NOTHING_SAID, WeakLabels, weak_labels
from tradewind.training.knowledge import ablated, applied
from tradewind.training.supervised.run import outputs_of
from tradewind.training.supervised.task import Rows

SIZES = [f"s{letter}" for letter in "abcdefghij"]
KINDS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}
NEW = {"kefir": "dairy", "loaf": "bakery"}
WORDS = ["[PAD]", "[UNK]", *KINDS, *NEW, *SIZES]
RULES = "- {words: [kefir], label: dairy}\n- {words: [loaf], label: bakery}\n"
SHOP = """
shop: tiny
languages: [en]
items: {{source: {{path: items.csv}}, id: id, title: title}}
encoder: {{pretrained: "dir:{encoder}", trim_vocabulary: false}}
learn:
  threads: 1
  estimators:
    aisle:
      task: {task}
      method: head
      batch_size: 8
      learning_rate: 0.05
      max_steps: 40
      examples:
        source: {{path: labelled.csv}}
        text: title
        target: kind
        unlabelled: {{source: {{path: pool.csv}}, text: title, confidence: 0.99, per_class: 12}}
      knowledge: {{rules: rules.yaml}}
"""


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Shop]:
    def shop(rules: str = RULES, task: str = "category") -> Shop:
        if not (tmp_path / "encoder").exists():
            tiny_encoder(tmp_path / "encoder", WORDS, inner=16, layers=1)
        (tmp_path / "shop.yaml").write_text(SHOP.format(encoder=tmp_path / "encoder", task=task))
        (tmp_path / "rules.yaml").write_text(rules)
        rows = [f"{word} {size},{kind}" for word, kind in KINDS.items() for size in SIZES]
        pool = [f"{word} {one} {other}" for word in NEW for one in SIZES[:4] for other in SIZES[4:8]]
        (tmp_path / "labelled.csv").write_text("\n".join(["title,kind", *rows]) + "\n")
        (tmp_path / "pool.csv").write_text("\n".join(["title", *pool, "milk sa", "sa sb sc"]) + "\n")
        return load_shop(tmp_path)

    return shop


def examples(shop: Shop) -> Examples:
    return read_examples(shop, "aisle", shop.settings.learn.estimators["aisle"].examples, Category().parse)[0]


def found(shop: Shop, rows: Any = None) -> WeakLabels:
    given = examples(shop)
    learned = np.arange(len(given)) if rows is None else rows
    return weak_labels(shop, shop.settings.learn.estimators["aisle"], given, learned)


def test_rules_label_what_they_speak_of_and_no_example(make: Callable[..., Shop]) -> None:
    weak = found(make(RULES + "- {words: [milk], label: dairy}\n"))
    assert {text.split()[0]: label for text, label in zip(weak.said.texts, weak.said.labels, strict=True)} == NEW
    assert len(weak.said) == 24, "twelve of a class, as `per_class` says"
    assert weak.notes == (
        "Rules give 24 of 33 unlabelled texts a label, and are right for 10 of the 10 learned rows that they give one.",
    )
    assert len(weak.left_open([*weak.said.texts, "sa sb sc"])) == 1


def test_a_rule_that_the_learned_rows_refute_says_nothing(make: Callable[..., Shop]) -> None:
    wrong = "- {words: [milk, kefir], label: bakery}\n- {words: [bread, kefir], never: bakery}\n"
    weak = found(make(RULES + wrong))
    assert {text.split()[0]: label for text, label in zip(weak.said.texts, weak.said.labels, strict=True)} == NEW
    assert [note.split(" is ")[0] for note in weak.notes[1:]] == [
        "The rule at rules.yaml:3",
        "The rule at rules.yaml:4",
    ]


def test_rows_that_are_not_learned_from_say_nothing_of_a_rule(make: Callable[..., Shop]) -> None:
    shop = make("- {words: [milk, kefir], label: bakery}\n")
    cheese_and_bread = np.array([r for r, text in enumerate(examples(shop).texts) if text.split()[0] != "milk"])
    assert len(found(shop, cheese_and_bread).said) == 12


def test_a_guess_that_a_rule_forbids_is_not_learned() -> None:
    weak = WeakLabels(rules=Rules((Rule(re.compile("soy"), "dairy", never=True, stands="r:1"),)))
    guessed = weak.allowed(Guessed(["soy a", "soy b", "milk"], ["dairy", "bakery", "dairy"]))
    assert (guessed.texts, guessed.labels) == (["soy b", "milk"], ["bakery", "dairy"])


def test_a_label_without_rows_and_a_task_without_labels_are_told(make: Callable[..., Shop]) -> None:
    with pytest.raises(
        ConfigError, match=r"rules\.yaml:1: no learned row is labelled 'pets' \(labels: bakery, dairy\)"
    ):
        found(make("- {words: [cat], label: pets}\n"))
    shop = make(task="tag")
    with pytest.raises(ConfigError, match="one label, not for tag"):
        weak_labels(shop, shop.settings.learn.estimators["aisle"], Examples(), np.arange(0))


def test_rules_without_texts_are_refused_when_the_settings_are_read(make: Callable[..., Shop]) -> None:
    path = make().root / "shop.yaml"
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "unlabelled" not in line))
    with pytest.raises(ConfigError, match=r"give examples\.unlabelled"):
        load_shop(path.parent)
    plain = path.read_text().replace("knowledge: {rules: rules.yaml}", "knowledge: {}")
    path.write_text(plain)
    assert found(load_shop(path.parent)) is NOTHING_SAID


def test_what_rules_said_is_learned_and_the_report_says_what_it_is_worth(
    make: Callable[..., Shop], tmp_path: Path
) -> None:
    shop = make()
    checkpoint = resolve(shop.settings.encoder.pretrained, trim=False, languages=["en"])
    given, asked = examples(shop), shop.settings.learn.estimators["aisle"]
    result, config = estimator.train(shop, "aisle", given, checkpoint, tmp_path / "r", SilentProgress(), ablate=True)
    (table,) = result.tables
    assert {"without rules", "tuned"} <= set(table.rows)
    assert "Rules give 24 of 33 unlabelled texts a label" in " ".join(table.notes)
    assert asked.knowledge.rules == "rules.yaml" and config["task"] == "category"


def named(run: EstimatorRun, texts: list[str]) -> list[str]:
    model = run.done.model
    outputs = outputs_of(model, Rows(model.encoder.tokens(texts, "passage"), {}))
    answers = label_probabilities(Category().reader(run.recipe.config()), outputs, texts)
    return [answers.labels[place] for place in answers.values.argmax(axis=1)]


def test_a_word_that_only_a_rule_speaks_of_is_known_afterwards(make: Callable[..., Shop], tmp_path: Path) -> None:
    shop = make()
    checkpoint = resolve(shop.settings.encoder.pretrained, trim=False, languages=["en"])
    given = examples(shop)
    rows = group_rows(given.groups, 13)
    texts = [f"{word} {size}" for word in NEW for size in SIZES[8:]]
    asked = shop.settings.learn.estimators["aisle"]
    job = EstimatorJob(shop, applied(asked), checkpoint, SilentProgress(), weak=found(shop, rows.learned))
    assert named(job.run(given, rows, tmp_path / "with"), texts) == ["dairy"] * 2 + ["bakery"] * 2
    others = ablated(job, asked, given, rows, tmp_path)
    assert len(others["without rules"].learned) == len(rows.learned) and job.weak.said.texts
    assert named(others["without rules"], texts) != ["dairy"] * 2 + ["bakery"] * 2
