"""Hard negatives enter the loss as they should, and vectors trained at several sizes stand being cut."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import LearnSettings, NegativeSettings, Shop
from tradewind.tasks.hard_negatives import NONE
from tradewind.telemetry import SilentProgress
from tradewind.training.contrast import Contrast, ContrastSettings, cut
from tradewind.training.match import train
from tradewind.training.match_examples import EFFORTS, match_examples
from tradewind.training.match_negatives import Hard, hard_negatives
from tradewind.training.plan import Budget, plan_run
from tradewind.training.together_map import Bought, fit_together, map_plan
from tradewind.training.tuning import method

TINY = dataclasses.replace(EFFORTS["quick"], budget=Budget(6, 16, 6), sold=None, ranked=None, questions=30)


class _Given(nn.Module):
    """Takes vectors for texts, so that a loss can be checked by hand."""

    def forward(self, states: torch.Tensor, mask: torch.Tensor, cut: int) -> torch.Tensor:
        return normalize(states, dim=-1)


def _batch(seed: int = 1) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    found = normalize(torch.randn(4, 8), dim=-1)
    mask = torch.ones(4, 1, dtype=torch.bool)
    return {
        "anchors": torch.randn(4, 8),
        "anchors_mask": mask,
        "passages": found,
        "passages_mask": mask,
        "log_share": torch.zeros(4),
        "same": torch.zeros(4, 4, dtype=torch.bool),
        "kept": found,
    }


def _loss(settings: ContrastSettings, **more: torch.Tensor) -> float:
    return float(Contrast(_Given(), 0, settings)(**_batch(), **more)["loss"])


def test_a_hard_negative_costs_only_the_anchor_it_was_sought_for() -> None:
    plain = ContrastSettings(keep=0.0)
    hard = {"hard": _batch()["anchors"][:1], "hard_mask": torch.ones(1, 1, dtype=torch.bool)}
    none = torch.full((4, 1), NONE)
    own, other = none.clone(), none.clone()
    own[0], other[1] = 0, 0
    assert _loss(plain, **hard, hard_at=none) == pytest.approx(_loss(plain))
    assert _loss(plain, **hard, hard_at=own) > _loss(plain, **hard, hard_at=other) >= _loss(plain)


def test_the_loss_over_sizes_is_the_mean_of_that_of_each_prefix() -> None:
    batch = _batch()
    by_hand = []
    for size in (8, 4):
        part = batch | {name: normalize(batch[name][:, :size], dim=-1) for name in ("anchors", "passages", "kept")}
        by_hand.append(float(Contrast(_Given(), 0, ContrastSettings(keep=0.0))(**part)["loss"]))
    # An anchor is brought to length 1 before it is cut, which its prefix at length 1 does not show.
    assert _loss(ContrastSettings(keep=0.0, sizes=(8, 4))) == pytest.approx(np.mean(by_hand), rel=1e-5)
    assert torch.equal(cut(batch["passages"], 8), batch["passages"])


def test_a_map_learned_at_a_small_size_is_better_there_than_one_that_was_not(tmp_path: Path) -> None:
    texts, width, small = 40, 64, 12
    random = np.random.default_rng(0)
    vectors = random.normal(size=(texts, width)) * 0.3 + 2.0
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    left = random.integers(0, texts, 4000)
    learn = LearnSettings(threads=1)
    plan = map_plan(plan_run(learn.match, learn, Budget(1, 2, 1), method("full")), 150)
    plan = dataclasses.replace(plan, batch_size=64)

    def found(sizes: tuple[int, ...]) -> float:
        bought = Bought(vectors, vectors, left, (left + 1) % texts, sizes)
        folder = tmp_path / str(len(sizes))
        learned, _ = fit_together(bought, plan, folder, lambda _: 0.0, "pairs", SilentProgress())
        asked, passages = learned.apply(vectors)[:, :small], vectors[:, :small]
        asked = asked / np.linalg.norm(asked, axis=1, keepdims=True)
        passages = passages / np.linalg.norm(passages, axis=1, keepdims=True)
        first = np.argsort(-(asked @ passages.T), axis=1)[:, :3]
        return float(np.mean([(n + 1) % texts in first[n] for n in range(texts)]))

    assert found((width, small)) > found(()) + 0.2


def test_negatives_of_a_shop_are_of_another_kind_than_what_is_right(
    make_shop: Callable[..., Shop], snapshot: Any, checkpoint: Checkpoint
) -> None:
    wanted = NegativeSettings(mined=2, siblings=2, ratio=1.0)
    examples = match_examples(make_shop(match={"negatives": wanted.model_dump()}), snapshot, TINY, 60)
    encoder = load_bi_encoder(checkpoint.folder)
    pool = np.arange(len(examples.validation.catalogue.texts))
    found = hard_negatives(examples, pool, wanted, encoder.encode, 1)
    assert found is not None and set(found.of) == {"together", "query"}
    phrases = examples.phrases
    for row, right in enumerate(phrases.passages):
        for number in found.of["query"][row]:
            assert number == NONE or found.texts[number].split(",")[0] != right.split(",")[0]
    assert (found.of["query"][:, 2:] != NONE).any(), "the tiny shop's categories have siblings"
    plain = match_examples(make_shop(), snapshot, TINY, 60)
    assert plain.grounds is None and hard_negatives(plain, pool, wanted, encoder.encode, 1) is None


def test_a_batch_of_negatives_names_each_text_once_and_points_into_it() -> None:
    hard = Hard(("a", "b", "c"), {"query": np.array([[2, NONE], [0, 2], [NONE, NONE]])})
    texts, places = hard.batch("query", np.array([0, 1]))
    assert texts == ["a", "c"] and places.tolist() == [[1, NONE], [0, 1]]
    assert hard.batch("query", np.array([2]))[0] == []


def test_a_run_with_both_reports_every_size(
    make_shop: Callable[..., Shop],
    snapshot: Any,
    checkpoint: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(EFFORTS, "quick", TINY)
    learn = {"negatives": {"mined": 2, "siblings": 1}, "matryoshka": [8, 4], "max_steps": 6}
    result = train(make_shop(match=learn), snapshot, checkpoint, tmp_path / "out", SilentProgress())
    sizes = next(table for table in result.tables if table.down == "size")
    assert list(sizes.rows) == ["16", "8", "4"]
    whole = result.tables[0].rows["tuned"]["recall@20"]
    assert sizes.rows["16"]["recall@20 tuned"] == pytest.approx(whole)
    assert {"precision@10 untuned", "precision@10 tuned"} <= set(sizes.columns)


def test_a_size_that_the_encoder_does_not_have_is_refused(
    make_shop: Callable[..., Shop], snapshot: Any, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="cannot be cut to 32"):
        train(make_shop(match={"matryoshka": [32]}), snapshot, checkpoint, tmp_path, SilentProgress())
