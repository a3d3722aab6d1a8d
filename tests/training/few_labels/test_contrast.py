"""Texts of one class are brought together before a head learns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tradewind.data.examples import Examples
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.settings import EstimatorSettings, LearnSettings, load_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder
from tradewind.training import estimator
from tradewind.training.few_labels.contrast import Alike, ContrastTask, alike, contrasted
from tradewind.training.plan import Budget, plan_run
from tradewind.training.supervised.run import RunSettings
from tradewind.training.tuning import method

SIZES = [f"s{letter}" for letter in "abcdefghij"]
KINDS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}
WORDS = ["[PAD]", "[UNK]", *KINDS, *SIZES]
SHOP = """
shop: tiny
languages: [en]
items: {source: {path: items.csv}, id: id, title: title}
events: []
learn:
  effort: quick
  threads: 1
  estimators:
    aisle:
      task: category
      method: head
      batch_size: 16
      max_steps: 40
      techniques: {contrast: true}
      examples: {source: {path: labelled.csv}, text: title, target: kind}
"""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tiny_encoder(tmp_path_factory.mktemp("encoder"), WORDS)
    return resolve(f"dir:{folder}", trim=False, languages=["en"])


def examples(sizes: list[str]) -> Examples:
    texts = [f"{word} {size}" for word in KINDS for size in sizes]
    return Examples(texts, [""] * len(texts), [(KINDS[text.split()[0]],) for text in texts], texts)


def apart(checkpoint: Checkpoint, held: Alike) -> float:
    """By how much the mean cosine within classes is above the one between them."""
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=16)
    vectors = encoder.encode(held.texts, "passage")
    near, same = vectors @ vectors.T, held.classes[:, None] == held.classes[None, :]
    return float(near[same].mean() - near[~same].mean())


def test_unseen_texts_of_one_class_come_nearer(checkpoint: Checkpoint, tmp_path: Path) -> None:
    few, rest = examples(SIZES[:4]), examples(SIZES[4:])
    sides = alike(few, np.arange(16)), alike(rest, np.arange(24))
    settings = EstimatorSettings(
        task="category", learning_rate=0.01, examples={"source": {"path": "x.csv"}, "text": "t", "target": "k"}
    )
    plan = plan_run(settings, LearnSettings(threads=1), Budget(40, 16, 20), method("full"))
    tuned = contrasted(checkpoint, sides, plan, tmp_path, RunSettings(max_tokens=16), SilentProgress())
    assert apart(tuned, sides[1]) > apart(checkpoint, sides[1]) + 0.2


def test_a_batch_without_two_alike_teaches_nothing_and_breaks_nothing() -> None:
    outputs = torch.randn(3, 4, requires_grad=True)
    loss = ContrastTask(4).loss(outputs, {"label": torch.tensor([0, 1, 2])})
    loss.backward()
    assert loss.item() == 0
    assert outputs.grad is not None
    assert not outputs.grad.abs().sum()


def test_texts_that_point_one_way_cost_less_than_texts_that_do_not() -> None:
    together = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    task, label = ContrastTask(2), {"label": torch.tensor([0, 0, 1, 1])}
    assert task.loss(together, label) < task.loss(together[[0, 2, 1, 3]], label)


def test_an_estimator_starts_from_the_contrasted_encoder(checkpoint: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(SHOP)
    out = tmp_path / "run"
    found = examples(SIZES)
    result, _ = estimator.train(load_shop(tmp_path), "aisle", found, checkpoint, out, SilentProgress())
    saved = load_bi_encoder(result.folder, prefixes=checkpoint.prefixes, max_tokens=16).encode(["milk sa"], "passage")
    tuned, plain = (
        load_bi_encoder(folder, prefixes=checkpoint.prefixes, max_tokens=16).encode(["milk sa"], "passage")
        for folder in (out / "contrast/encoder", checkpoint.folder)
    )
    assert np.allclose(saved, tuned, atol=1e-5)
    assert not np.allclose(saved, plain, atol=1e-3)
