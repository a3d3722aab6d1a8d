"""AdaLoRA's schedule is called by the trainer, takes ranks away, and goes on after a kill as if there had been none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tradewind.errors import ConfigError
from tradewind.telemetry import SilentProgress
from tradewind.training.plan import Plan
from tradewind.training.rank_schedule import RankSchedule
from tradewind.training.trainer import fit
from tradewind.training.tuning import attending, method

STEPS = 20


def plan(steps: int = STEPS) -> Plan:
    return Plan(
        method="adalora",
        steps=steps,
        batch_size=6,
        accumulation=1,
        evaluate_every=5,
        learning_rate=2e-2,
        optimiser="adamw",
        weight_decay=0.0,
        warmup=0.0,
        dropout=0.0,
        patience=100,
        seed=3,
        threads=1,
    )


class KilledError(Exception):
    """Stands for a kill -9 between two steps."""


def learn(cell: Any, out: Path, *, stop_at: int | None = None) -> tuple[Any, RankSchedule]:
    objective = cell.objective()
    looks: list[int] = []

    def validate() -> float:
        looks.append(1)
        if stop_at is not None and len(looks) > stop_at:
            raise KilledError
        with torch.no_grad():
            return -objective(**cell.batch())["loss"].item()

    batches = [cell.batch()] * STEPS
    curves = fit(
        objective,
        batches,
        plan(),
        out,
        validate=validate,
        watched="minus loss",
        progress=SilentProgress(),
        identity="x",
    )
    (schedule,) = attending(cell.active, STEPS)
    assert isinstance(schedule, RankSchedule)
    return curves, schedule


def make(make_cell: Any) -> Any:
    return make_cell("bert", "adalora", "texts", {"rank": 2, "start_rank": 4})


def test_the_trainer_takes_ranks_away_until_the_wanted_number_is_left(make_cell: Any, tmp_path: Path) -> None:
    cell = make(make_cell)
    curves, schedule = learn(cell, tmp_path)
    assert curves.last_step == STEPS
    ranks = schedule.ranks()
    assert len(ranks) == 4  # query and value of two blocks
    assert sum(ranks.values()) == 2 * len(ranks)
    assert curves.loss[-1][1] < curves.loss[0][1]


def test_a_run_that_was_killed_ends_as_an_unbroken_one(make_cell: Any, tmp_path: Path) -> None:
    whole, broken = make(make_cell), make(make_cell)
    _, expected = learn(whole, tmp_path / "whole")
    with pytest.raises(KilledError):
        learn(broken, tmp_path / "broken", stop_at=2)
    again = make(make_cell)
    curves, schedule = learn(again, tmp_path / "broken")
    assert curves.resumed_from == 10
    assert schedule.ranks() == expected.ranks()
    assert torch.allclose(again.outputs(again.active), whole.outputs(whole.active), atol=1e-6)


def test_directions_are_kept_orthogonal(make_cell: Any) -> None:
    strays = {}
    for weight in (0.0, 1.0):
        cell = make_cell("bert", "adalora", "texts", {"rank": 2, "start_rank": 4, "orthogonality": weight})
        cell.learn(15)
        strays[weight] = RankSchedule(cell.active.base_model, 15).orthogonality().item()
    assert strays[1.0] < 0.8 * strays[0.0]


def test_what_leaves_no_schedule_is_refused(make_cell: Any) -> None:
    with pytest.raises(ConfigError, match="start_rank larger than rank"):
        make_cell("bert", "adalora", "texts", {"rank": 8, "start_rank": 8})
    with pytest.raises(ConfigError, match="10 steps or more"):
        attending(make(make_cell).active, 5)
    assert method("adalora").merges
