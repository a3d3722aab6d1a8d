"""Techniques and the shop's knowledge as switches of an estimator: alone, in every pair, all together, and resumed."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tradewind.data.attributes import grouped_by_text, with_columns, without_columns
from tradewind.data.examples import Examples
from tradewind.data.group_rows import GroupRows, group_rows
from tradewind.errors import ConfigError
from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.settings import EstimatorSettings, ExamplesSettings, Shop, SourceSettings, parse_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder
from tradewind.training.estimator_figures import figures_table
from tradewind.training.estimator_run import EstimatorJob, EstimatorRun
from tradewind.training.knowledge import ablated, applied, parts_in_use

SIZES = [f"s{letter}" for letter in "abcdefghij"]
KINDS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}
COLOURS = ("red", "blue")
WORDS = ["[PAD]", "[UNK]", ",", ":", "colour", *COLOURS, *KINDS, "loaf", *SIZES]
SHOP = """
shop: tiny
languages: [en]
items: {source: {path: items.csv}, id: id, title: title}
learn: {threads: 1}
"""
TECHNIQUES: dict[str, dict[str, Any]] = {
    "r_drop": {"r_drop": 0.5},
    "adversary": {"adversary": "fgm"},
    "augment": {"augment": ["swap", "drop"], "copies": 0.5},
    "contrast": {"contrast": True},
    "ema": {"ema": 0.9},
    "label_smoothing": {"label_smoothing": 0.2},
    "soup": {"members": 2},
    "checkpoints": {"checkpoints": 2},
}
NAMES = list(TECHNIQUES)
COUPLES = list(zip(NAMES[::2], NAMES[1::2], strict=True))
TOGETHER = [*((name,) for name in NAMES), *(one + other for one, other in itertools.combinations(COUPLES, 2))]
"""Each alone, and four at a time so that every two of them meet in one run."""


def examples() -> Examples:
    texts = [f"{word} {size}" for word in KINDS for size in SIZES]
    targets = [(KINDS[text.split()[0]], text.split()[0]) for text in texts]
    return Examples(texts, [""] * len(texts), targets, texts)


def settings(**more: Any) -> EstimatorSettings:
    told = {"task": "category", "examples": {"source": {"path": "t.csv"}, "text": "title", "target": "kind"}}
    run = {"method": "full", "batch_size": 8, "learning_rate": 0.01, "max_steps": 16, "dropout": 0.1, "blocks": 1}
    return EstimatorSettings.model_validate(told | run | more)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tiny_encoder(tmp_path_factory.mktemp("encoder"), WORDS, inner=16, layers=1)
    return resolve(f"dir:{folder}", trim=False, languages=["en"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(parse_shop(SHOP.encode(), where="test"), tmp_path_factory.mktemp("shop"))


def rows() -> GroupRows:
    return group_rows(examples().groups, 13)


def learn(
    shop: Shop, tiny: Checkpoint, out: Path, progress: SilentProgress | None = None, **techniques: Any
) -> EstimatorRun:
    job = EstimatorJob(shop, settings(techniques=techniques), tiny, progress or SilentProgress())
    return job.run(examples(), rows(), out)


def falls(run: EstimatorRun) -> bool:
    losses = [value for _, value in run.done.curves.loss]
    return float(np.mean(losses[-5:])) < float(np.mean(losses[:5]))


def test_every_two_techniques_meet_in_one_run() -> None:
    assert all(any({*pair} <= {*names} for names in TOGETHER) for pair in itertools.combinations(NAMES, 2))


@pytest.mark.parametrize("names", TOGETHER, ids=["+".join(names) for names in TOGETHER])
def test_techniques_learn_alone_and_together(
    shop: Shop, tiny: Checkpoint, tmp_path: Path, names: tuple[str, ...]
) -> None:
    run = learn(shop, tiny, tmp_path, **{key: value for name in names for key, value in TECHNIQUES[name].items()})
    assert falls(run)
    watched = next(iter(run.done.tuned))
    assert run.done.tuned[watched] >= run.done.untuned[watched]


ALL_OF_THEM = {name: value for technique in TECHNIQUES.values() for name, value in technique.items()}


class Killed(SilentProgress):
    """Stops everything at the n-th step that it hears of."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.learning = False

    def start(self, stage: str, total: int | None) -> None:
        self.learning = stage == "learning"

    def advance(self, amount: int = 1) -> None:
        self.left -= self.learning and amount == 1
        if not self.left:
            raise KeyboardInterrupt


def test_all_techniques_together_go_on_after_an_interruption_to_the_same_weights(
    shop: Shop, tiny: Checkpoint, tmp_path: Path
) -> None:
    straight = learn(shop, tiny, tmp_path / "straight", **ALL_OF_THEM)
    with pytest.raises(KeyboardInterrupt):
        learn(shop, tiny, tmp_path / "broken", Killed(at=30), **ALL_OF_THEM)
    resumed = learn(shop, tiny, tmp_path / "broken", **ALL_OF_THEM)
    for name, value in straight.done.model.named_parameters():
        assert torch.equal(value, resumed.done.model.get_parameter(name)), name


def test_smoothing_is_refused_where_nothing_is_chosen_among(shop: Shop, tiny: Checkpoint, tmp_path: Path) -> None:
    given = settings(task="rating", techniques={"label_smoothing": 0.1})
    stars = Examples(examples().texts, [""] * 40, [1, 2, 3, 4] * 10, examples().texts)
    with pytest.raises(ConfigError, match="rating has no option 'smoothing'"):
        EstimatorJob(shop, given, tiny, SilentProgress()).run(stars, rows(), tmp_path)


def test_knowledge_becomes_a_flat_loss_and_copies_with_synonyms() -> None:
    known = settings(
        knowledge={"tree": False, "synonyms": [["bread", "loaf"]]}, techniques={"augment": ["swap"], "synonyms": []}
    )
    found = applied(known)
    assert found.options == {"flat": True}
    assert found.techniques.augment == ["swap", "synonyms"]
    assert found.techniques.synonyms == [["bread", "loaf"]]
    assert parts_in_use(known) == ("synonyms",)


def test_each_part_of_the_knowledge_is_measured_over_the_same_rows(
    shop: Shop, tiny: Checkpoint, tmp_path: Path
) -> None:
    given = examples()
    given.texts = [f"{text}, colour: {COLOURS[row % 2]}" for row, text in enumerate(given.texts)]
    asked = settings(knowledge={"tree": True, "synonyms": [["bread", "loaf"]], "attributes": ["colour"]})
    job = EstimatorJob(shop, applied(asked), tiny, SilentProgress())
    run = job.run(given, rows(), tmp_path)
    others = ablated(job, asked, given, rows(), tmp_path)
    assert list(others) == ["without tree", "without synonyms", "without attributes"]
    assert others["without tree"].recipe.config()["flat"] and not run.recipe.config()["flat"]
    assert "colour" not in str(others["without attributes"].recipe.take(np.arange(3)))
    assert "colour" in str(others["without synonyms"].recipe.take(np.arange(3)))
    table = figures_table("aisle", run, rows(), job, (others, ()))
    assert {"without tree", "without synonyms", "without attributes", "tuned"} <= set(table.rows)


def test_with_no_knowledge_there_is_nothing_to_measure(shop: Shop, tiny: Checkpoint, tmp_path: Path) -> None:
    job = EstimatorJob(shop, settings(), tiny, SilentProgress())
    with pytest.raises(ConfigError, match="nothing to take away"):
        ablated(job, settings(), examples(), rows(), tmp_path)


def test_attributes_stand_behind_the_text_and_do_not_part_a_product_from_itself() -> None:
    table = ExamplesSettings(source=SourceSettings(path="t.csv"), text="title", target="kind")
    assert with_columns(table, ["colour", "brand"]).text == "{title}, colour: {colour}, brand: {brand}"
    assert with_columns(table, []) is table
    texts = ["cup 2, colour: red, brand: x", "cup 3, brand: x", "cup 4"]
    assert [without_columns(text, ["colour", "brand"]) for text in texts] == ["cup 2", "cup 3", "cup 4"]
    grouped = grouped_by_text(Examples(texts, [""] * 3, [1, 2, 3], texts), ["colour", "brand"])
    assert grouped.groups == ["cup", "cup", "cup"]
