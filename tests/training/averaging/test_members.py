"""Several runs as one model: a soup of their weights, or their vote, taught to a model of the usual size."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tradewind.errors import ConfigError
from tradewind.models.pretrained import Checkpoint
from tradewind.tasks.label_tree import label_tree
from tradewind.training.averaging.members import Combined, Vote, combined
from tradewind.training.category import Categorised, CategoryTask
from tradewind.training.plan import Plan
from tradewind.training.supervised.run import FineTuned, RunSettings, fine_tune
from tradewind.training.supervised.task import TextTask

TREE = label_tree([("dairy", "milk"), ("dairy", "cheese"), ("bakery", "bread"), ("bakery", "rolls")])
PLAN = Plan("full", 30, 8, 1, 15, 5e-3, "adamw", 0.0, 0.1, 0.1, 9, 13, 1)


def examples(numbers: range) -> Categorised:
    texts = [f"{path[1]} {number} oz" for number in numbers for path in TREE.classes]
    return Categorised(tuple(texts), np.array([*range(4)] * len(numbers), np.int64))


SIDES = examples(range(1, 7)), examples(range(7, 9))


def learn(checkpoint: Checkpoint, out: Path, combine: str) -> tuple[Combined, list[int]]:
    seeds: list[int] = []

    def run(task: TextTask, plan: Plan, folder: Path) -> FineTuned:
        seeds.append(plan.seed)
        return fine_tune(task, checkpoint, SIDES, plan, folder, settings=RunSettings(blocks=1))

    task = CategoryTask(TREE)
    return combined(task, PLAN, SIDES[1], out, run, members=2, combine=combine), seeds  # type: ignore[arg-type]


@pytest.mark.parametrize("combine", ["greedy", "uniform"])
def test_a_soup_is_one_model_whose_figures_are_its_own(checkpoint: Checkpoint, tmp_path: Path, combine: str) -> None:
    found, seeds = learn(checkpoint, tmp_path, combine)
    assert seeds == [13, 14]
    best = found.others["best of 2 runs"]
    assert found.done.task.figures(found.done.outputs(SIDES[1]), SIDES[1]) == found.done.tuned
    if combine == "greedy":
        assert found.done.tuned["accuracy"] >= best.tuned["accuracy"]
    assert found.done.save(checkpoint, tmp_path / "model").is_dir()


def test_a_vote_is_taught_to_one_model_and_is_not_served_itself(checkpoint: Checkpoint, tmp_path: Path) -> None:
    found, seeds = learn(checkpoint, tmp_path, "vote")
    assert seeds == [13, 14, 13]
    vote = found.others["vote of 2 runs"]
    assert isinstance(vote, Vote)
    each = [member.outputs(SIDES[1]) for member in vote.members]
    np.testing.assert_allclose(np.stack(vote.outputs(SIDES[1])), np.mean(each, axis=0), rtol=1e-5, atol=1e-6)
    assert found.done.tuned["accuracy"] > found.done.untuned["accuracy"]
    near = np.corrcoef(np.ravel(found.done.outputs(SIDES[0])), np.ravel(vote.outputs(SIDES[0])))[0, 1]
    assert near > 0.9
    with pytest.raises(ConfigError, match="cannot be served"):
        vote.save(checkpoint, tmp_path / "model")


def test_a_vote_over_single_words_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    class Words(CategoryTask):
        tokenwise = True

    class Done:
        tuned: ClassVar = {"accuracy": 1.0}
        model = curves = untuned = None

    with pytest.raises(ConfigError, match="reads single words"):
        combined(
            Words(TREE),
            PLAN,
            SIDES[1],
            tmp_path,
            lambda *_: Done(),
            members=2,
            combine="vote",  # type: ignore[arg-type, return-value]
        )
