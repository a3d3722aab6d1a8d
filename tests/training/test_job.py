"""What every task gives `fit` can be handed to another process, and gives there what it gives here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tradewind.models.pretrained import Checkpoint
from tradewind.settings import Shop
from tradewind.tasks.label_tree import label_tree
from tradewind.tasks.rating import RatedTexts
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training import classify, match_examples, trainer
from tradewind.training.category import Categorised, CategoryTask
from tradewind.training.job import Job, Outcome, packed, unpacked
from tradewind.training.match.train import train as train_match
from tradewind.training.plan import Budget, Plan
from tradewind.training.rating import RatingTask
from tradewind.training.resources import Resources
from tradewind.training.supervised.run import fine_tune
from tradewind.training.worker import work

ALONE = {"precision": "fp32"}
TREE = label_tree([("dairy", "milk"), ("bakery", "bread")])
NAMES = [f"{kind} {number} oz" for number in range(1, 9) for kind in ("milk", "bread")]
CATEGORIES = (CategoryTask(TREE), Categorised(tuple(NAMES), np.array([0, 1] * 8, np.int64)))
STARS = (RatingTask(), RatedTexts(tuple(NAMES), np.array([1.0, 5.0] * 8, np.float32)))


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A run for several processes goes through bytes and is learned whole on the other side, here; lists what it
    watched."""
    found: list[str] = []

    def elsewhere(job: Job, progress: Progress) -> Outcome:
        found.append(job.watched)
        return work(unpacked(packed(job, progress, mapped=True)), 0, SilentProgress())

    monkeypatch.setattr(trainer, "learn_elsewhere", elsewhere)
    return found


@pytest.mark.parametrize("method", ["head", "full"])
def test_classify(
    method: str,
    make_shop: Callable[..., Shop],
    snapshot: Any,
    checkpoint: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    handed: list[str],
) -> None:
    small = dataclasses.replace(classify.EFFORTS["quick"], head=Budget(20, 16, 10), tuning=Budget(6, 8, 3))
    monkeypatch.setitem(classify.EFFORTS, "quick", small)
    told = {"method": method, "learning_rate": 0.01}
    here = make_shop(classify=told | {"accumulation": 2}, resources=ALONE)
    one = classify.train(here, snapshot, checkpoint, tmp_path / "one", SilentProgress())
    assert not handed
    there = make_shop(classify=told, resources=ALONE | {"processes": 2})
    two = classify.train(there, snapshot, checkpoint, tmp_path / "two", SilentProgress())
    assert handed == ["macro-F1"]
    _same(one.folder, two.folder)


@pytest.mark.slow
def test_match(
    make_shop: Callable[..., Shop],
    snapshot: Any,
    checkpoint: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    handed: list[str],
) -> None:
    efforts = match_examples.EFFORTS
    small = dataclasses.replace(efforts["quick"], budget=Budget(8, 8, 4), sold=None, ranked=None, questions=60)
    monkeypatch.setitem(efforts, "quick", small)
    here = make_shop(match={"learning_rate": 5e-3, "accumulation": 2}, resources=ALONE)
    one = train_match(here, snapshot, checkpoint, tmp_path / "one", SilentProgress())
    there = make_shop(match={"learning_rate": 5e-3}, resources=ALONE | {"processes": 2})
    two = train_match(there, snapshot, checkpoint, tmp_path / "two", SilentProgress())
    assert "precision@10" in handed
    _same(one.folder, two.folder)


@pytest.mark.parametrize(("task", "examples"), [CATEGORIES, STARS], ids=["category", "rating"])
@pytest.mark.parametrize("method", ["full", "lora", "adalora", "adapter"])
def test_a_text_task_under_every_kind_of_method(
    checkpoint: Checkpoint, tmp_path: Path, task: Any, examples: Any, method: str, handed: list[str]
) -> None:
    def run(name: str, processes: int) -> dict[str, torch.Tensor]:
        resources = Resources(precision="fp32", processes=processes)
        plan = Plan(method, 12, 4, 2, 6, 5e-3, "adamw", 0.0, 0.1, 0.0, 9, 13, 1, resources=resources)
        return fine_tune(task, checkpoint, (examples, examples), plan, tmp_path / name).model.state_dict()

    one, two = run("one", 1), run("two", 2)
    assert len(handed) == 1
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=0, msg=name)


def _same(one: Path, other: Path) -> None:
    files = sorted(path.name for path in one.glob("*.safetensors"))
    assert files
    for file in files:
        mine, theirs = load_file(one / file), load_file(other / file)
        for name, value in mine.items():
            torch.testing.assert_close(theirs[name], value, rtol=0, atol=0, msg=f"{file}: {name}")
