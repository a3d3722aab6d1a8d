"""The losses of category and rating: what they agree with, and that tiny encoders learn them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tradewind.models.pretrained import Checkpoint
from tradewind.tasks.label_tree import label_tree
from tradewind.tasks.rating import RatedTexts
from tradewind.training.category import Categorised, CategoryTask, rare_classes
from tradewind.training.ensembles import fit_mixture, fit_temperature, log_softmax
from tradewind.training.plan import Plan
from tradewind.training.rating import RatingTask
from tradewind.training.supervised.run import fine_tune

PATHS = [("dairy", "milk"), ("dairy", "cheese"), ("bakery", "bread"), ("bakery", "rolls")]
TREE = label_tree(PATHS)
PLAN = Plan("full", 60, 8, 1, 20, 5e-3, "adamw", 0.0, 0.1, 0.0, 9, 13, 1)


def examples(numbers: range) -> Categorised:
    texts = [f"{path[1]} {number} oz" for number in numbers for path in TREE.classes]
    return Categorised(tuple(texts), np.array([*range(4)] * len(numbers), np.int64))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_trees_loss_is_the_log_probability_that_serving_reads(smoothing: float) -> None:
    task = CategoryTask(TREE, smoothing=smoothing)
    outputs, label = torch.randn(3, len(TREE.nodes)), torch.tensor([0, 2, 3])
    loss = task.loss(outputs, {"label": label})
    if smoothing == 0.0:
        read = task.log_probabilities(list(outputs.numpy()))
        assert float(loss) == pytest.approx(-float(read[np.arange(3), label.numpy()].mean()), rel=1e-5)
    else:
        assert float(loss) != pytest.approx(float(CategoryTask(TREE, smoothing=0.0).loss(outputs, {"label": label})))


@pytest.mark.parametrize("flat", [True, False])
def test_two_equal_outputs_do_not_diverge(flat: bool) -> None:
    task = CategoryTask(TREE, flat=flat)
    outputs = torch.randn(3, task.outputs)
    targets = {"label": torch.tensor([0, 1, 2])}
    assert float(task.divergence(outputs, outputs, targets)) == pytest.approx(0.0, abs=1e-6)
    assert float(task.divergence(outputs, outputs.flip(1), targets)) > 0


@pytest.mark.parametrize("flat", [True, False])
def test_a_category_is_learned_flat_and_down_the_tree(checkpoint: Checkpoint, tmp_path: Path, flat: bool) -> None:
    done = fine_tune(
        CategoryTask(TREE, flat=flat), checkpoint, (examples(range(1, 7)), examples(range(7, 9))), PLAN, tmp_path
    )
    assert done.tuned["accuracy"] == 1.0 > done.untuned["accuracy"]
    assert done.tuned["accuracy at level 1"] == 1.0


def test_stars_are_learned(checkpoint: Checkpoint, tmp_path: Path) -> None:
    def rated(numbers: range) -> RatedTexts:
        return RatedTexts(
            tuple(f"{word} {n} oz" for n in numbers for word in ("milk", "bread", "cheese")),
            np.array([1, 3, 5] * len(numbers)),
        )

    done = fine_tune(RatingTask(), checkpoint, (rated(range(1, 7)), rated(range(7, 9))), PLAN, tmp_path)
    assert done.tuned["RMSE"] < 0.5 < done.untuned["RMSE"]


def test_a_class_with_one_example_is_named() -> None:
    assert rare_classes(Categorised(("a", "b", "c"), np.array([0, 0, 1])), TREE) == [
        (TREE.classes[2], 0),
        (TREE.classes[3], 0),
        (TREE.classes[1], 1),
    ]


def test_a_mixture_takes_the_share_that_names_most() -> None:
    truth = np.array([0, 1, 0, 1])
    good, bad = np.log(np.eye(2)[truth] * 0.8 + 0.1), np.log(np.eye(2)[1 - truth] * 0.8 + 0.1)
    assert fit_mixture(good, bad, truth).share > 0.5
    assert fit_mixture(bad, good, truth).share < 0.5


def test_temperature_softens_scores_that_are_too_sure() -> None:
    truth = np.array([0, 0, 0, 1])
    scores = np.array([[4.0, 0.0]] * 4, np.float32)
    assert fit_temperature(scores, truth) > 1.0
    np.testing.assert_allclose(np.exp(log_softmax(scores)).sum(axis=1), 1.0, rtol=1e-6)
