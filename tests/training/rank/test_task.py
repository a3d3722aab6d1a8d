"""The cross-encoder learns an order by every loss, and keeps a query's candidates together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.tasks.rank.judged import JudgedQuery
from tradewind.training.plan import Plan
from tradewind.training.rank.task import RankLoss, RankTask
from tradewind.training.supervised.objective import Terms
from tradewind.training.supervised.run import RunSettings, fine_tune

KINDS = ("milk", "bread", "cheese", "rolls")
TEXTS = {f"{kind}-{size}": f"{kind} {size} oz" for kind in KINDS for size in range(1, 9)}


def queries(sizes: range) -> list[JudgedQuery]:
    """Bread answers best, cheese a little, whatever is asked: an order that one linear layer can learn."""
    grade = {"milk": 0, "bread": 3, "cheese": 1, "rolls": 2}
    return [
        JudgedQuery(f"{asked} {size}", tuple(f"{k}-{size}" for k in KINDS), np.array([grade[k] for k in KINDS]))
        for size in sizes
        for asked in ("milk", "butter")
    ]


@pytest.mark.parametrize("criterion", ["regression", "classes", "pairwise", "listwise"])
def test_every_loss_learns_an_order(checkpoint: Checkpoint, tmp_path: Path, criterion: RankLoss) -> None:
    task = RankTask(TEXTS, criterion)
    plan = Plan("full", 80, 16, 1, 40, 5e-3, "adamw", 0.0, 0.1, 0.0, 9, 13, 1)
    terms = Terms(r_drop=0.1) if criterion == "classes" else Terms()
    sides = queries(range(1, 7)), queries(range(7, 9))
    done = fine_tune(task, checkpoint, sides, plan, tmp_path, settings=RunSettings(terms=terms))
    assert done.tuned["nDCG@10"] == pytest.approx(1.0)
    assert done.untuned["nDCG@10"] < 1.0
    scores = task.scores(done.outputs(sides[1]), sides[1])
    assert [len(mine) for mine in scores] == [4] * 4


def test_classes_rank_by_the_expected_grade() -> None:
    task = RankTask(TEXTS, "classes")
    odds = np.log(np.array([[0.5, 0.0, 0.0, 0.5], [0.0, 1.0, 0.0, 0.0]]) + 1e-12).astype(np.float32)
    query = JudgedQuery("milk", ("milk-1", "milk-2"), np.array([1, 0]))
    assert task.scores(list(odds), [query])[0] == pytest.approx([1.5, 1.0], abs=1e-4)


def test_candidates_of_a_query_are_one_group_and_are_read_with_it(checkpoint: Checkpoint) -> None:
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes)
    made = queries(range(1, 2))
    rows = RankTask(TEXTS, "pairwise").rows(made, encoder)
    assert rows.groups is not None
    assert rows.groups.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert list(rows.ids[0]) == encoder.pair_tokens(["milk 1"], ["milk 1 oz"])[0]


def test_divergence_is_zero_only_for_equal_outputs() -> None:
    first, second = torch.tensor([[1.0, 0.0, 0.0, 0.0]]), torch.tensor([[0.0, 1.0, 0.0, 0.0]])
    task = RankTask(TEXTS, "classes")
    assert float(task.divergence(first, first, {})) == pytest.approx(0.0, abs=1e-7)
    assert float(task.divergence(first, second, {})) > 0.1
