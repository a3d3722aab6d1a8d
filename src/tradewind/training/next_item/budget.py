"""What an effort allows `next_item`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tradewind.settings import Effort, LearnSettings
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.tuning import method

TEXT_WIDTH: Final = 192
"""Directions kept of the whitened text vectors."""


@dataclass(frozen=True, slots=True)
class SequenceBudget:
    """`epochs` over the windows, the model's width, sampled negatives a batch, windows a batch, and the purchases from
    which on an item has a vector of its own."""

    epochs: int
    dimension: int
    negatives: int
    windows: int
    own_from: int
    blend_epochs: int
    blend_questions: int


EFFORTS: Final[dict[Effort, SequenceBudget]] = {
    "quick": SequenceBudget(5, 64, 1024, 16, 10, 4, 7000),
    "normal": SequenceBudget(12, 96, 2048, 16, 10, 6, 8000),
    "full": SequenceBudget(30, 128, 4096, 16, 5, 8, 50_000),
}

_RATES: Final = {"full": 2e-3, "head": 2e-3, "lora": 2e-3}
"""Larger than an encoder's: these weights start from chance, only their text does not."""
_DROPOUT: Final = 0.2


def sequence_plan(learn: LearnSettings, windows: int) -> Plan:
    """Returns the plan of a run over `windows` windows: shop.yaml's words first, then the effort's."""
    budget = EFFORTS[learn.effort]
    task = learn.next_item
    size = task.batch_size or budget.windows
    epoch = max(1, -(-windows // (size * task.accumulation)))
    steps = min(epoch * budget.epochs, 20_000)
    rate = task.learning_rate or _RATES.get(task.method, 2e-3) * (100.0 if task.optimiser == "sgd" else 1.0)
    dropout = _DROPOUT if task.dropout is None else task.dropout
    decided = task.model_copy(update={"learning_rate": rate, "dropout": dropout})
    return plan_run(
        decided,
        learn,
        Budget(steps, size, max(1, steps // max(2, budget.epochs // 2))),
        method(task.method, task.method_options),
    )
