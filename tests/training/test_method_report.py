"""Methods are measured alike: what is trained is counted, time and memory are taken, and the table tells it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tradewind.models.pretrained import Checkpoint
from tradewind.tasks.label_tree import label_tree
from tradewind.training.category import Categorised, CategoryTask
from tradewind.training.method_report import COLUMNS, Comparison, MethodResult, measure_method, method_table
from tradewind.training.plan import Plan
from tradewind.training.supervised.run import RunSettings

KINDS = {"dairy": ["milk", "cheese", "yogurt", "butter"], "bakery": ["bread", "rolls", "bagel", "cake"]}
WIDTH, BLOCKS, CLASSES = 16, 2, 2


def comparison(checkpoint: Checkpoint) -> Comparison:
    tree = label_tree([(kind,) for kind in KINDS])
    number = {path[0]: place for place, path in enumerate(tree.classes)}
    rows = [
        (f"{thing} {size} oz", number[kind]) for kind, things in KINDS.items() for thing in things for size in "123"
    ]
    examples = Categorised(tuple(text for text, _ in rows), np.array([label for _, label in rows]))

    def right(outputs: list[Any], side: Categorised) -> Any:
        return np.stack(outputs).argmax(1) == side.classes

    task = CategoryTask(tree, flat=True)
    return Comparison(task, checkpoint, (examples, examples, examples), right, RunSettings(blocks=BLOCKS))


def plan(name: str, rate: float, **options: Any) -> Plan:
    return Plan(name, 30, 8, 1, 15, rate, "adamw", 0.0, 0.1, 0.0, 9, 13, 1, options)


@pytest.fixture(scope="module")
def results(checkpoint: Checkpoint) -> dict[str, MethodResult]:
    plans = [plan("full", 5e-3), plan("head", 5e-2), plan("lora", 2e-2, rank=4), plan("prompt", 2e-2, tokens=3)]
    return {each.method: measure_method(comparison(checkpoint), each) for each in plans}


def test_what_each_method_trains_is_counted(results: dict[str, MethodResult]) -> None:
    head = WIDTH * CLASSES + CLASSES
    assert results["head"].trained == head
    assert results["lora"].trained == head + BLOCKS * 2 * 4 * 2 * WIDTH
    assert results["prompt"].trained == head + 3 * WIDTH
    assert results["head"].trained < results["lora"].trained < results["full"].trained
    # The word table never moves, so full tuning is not all of the model.
    assert results["full"].trained < results["full"].parameters
    assert len({result.parameters for result in results.values()}) == 1


def test_every_method_learns_and_is_timed(results: dict[str, MethodResult]) -> None:
    for name, result in results.items():
        assert result.scores.mean() > 0.8, name
        assert 0 < result.step_ms < 1e3 * result.seconds
        assert math.isnan(result.peak_mb) or result.peak_mb >= 0


def test_the_table_says_what_cannot_be_served(results: dict[str, MethodResult]) -> None:
    table = method_table("Methods", results, ("one note",))
    assert table.columns == COLUMNS
    assert set(table.rows["lora"]) == set(COLUMNS)
    assert table.rows["full"]["% of all"] == pytest.approx(100 * results["full"].trained / results["full"].parameters)
    assert table.notes == ("one note", "prompt: not merged, so neither exported nor served")
