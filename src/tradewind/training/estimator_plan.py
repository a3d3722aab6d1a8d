"""How long an estimator of a shop's own learns, and how much of the encoder moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from tradewind.settings import Effort, EstimatorSettings, LearnSettings
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.supervised.objective import Terms
from tradewind.training.supervised.run import RunSettings
from tradewind.training.tuning import method


@dataclass(frozen=True, slots=True)
class EstimatorEffort:
    """What an effort allows: steps by the number of epochs, within `most` of them, and the blocks that move."""

    epochs: float
    most: int
    batch_size: int
    blocks: int


EFFORTS: Final[dict[Effort, EstimatorEffort]] = {
    "quick": EstimatorEffort(2.0, 300, 32, 2),
    "normal": EstimatorEffort(3.0, 4000, 32, 6),
    "full": EstimatorEffort(5.0, 40000, 32, 12),
}


def plan_of(learn: LearnSettings, settings: EstimatorSettings, count: int) -> Plan:
    """Returns the plan of a run over `count` examples."""
    effort = EFFORTS[learn.effort]
    size = settings.batch_size or effort.batch_size
    # A head alone reads vectors that are computed once: ten times the steps cost next to nothing.
    more = 10 if settings.method == "head" else 1
    steps = int(np.clip(round(more * effort.epochs * count / size), more * 30, more * effort.most))
    budget = Budget(steps, size, max(10, steps // 6), haste=more * (3.0 if learn.effort == "quick" else 1.0))
    planned = plan_run(settings, learn, budget, method(settings.method))
    added = settings.techniques
    soup: Literal["greedy", "uniform"] = "uniform" if added.combine == "uniform" else "greedy"
    return replace(planned, ema=added.ema, checkpoints=added.checkpoints, soup=soup)


def run_settings_of(learn: LearnSettings, settings: EstimatorSettings) -> RunSettings:
    """Returns how much of the encoder moves, how long texts may be, and what is added to the loss."""
    blocks = settings.blocks or EFFORTS[learn.effort].blocks
    added = settings.techniques
    terms = Terms(added.r_drop, added.adversary, added.radius)
    return RunSettings(blocks=blocks, max_tokens=settings.max_tokens, terms=terms)
