"""The batches of a distillation: texts of one role and of like length, with the teacher's vectors beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from tradewind.tasks.scoring import Role
from tradewind.training.batches import by_length
from tradewind.training.distil.teacher import Taught
from tradewind.training.plan import Plan


class Bank(Protocol):
    """Texts by role in the form in which a student reads them."""

    def lengths(self, texts: Sequence[str], role: Role) -> npt.NDArray[np.int64]:
        """Returns how many tokens each text has."""

    def batch(self, texts: Sequence[str], role: Role) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns what the student takes for the texts, padded to the longest, and the mask."""


@dataclass(frozen=True, slots=True)
class DistilBatches:
    """Tensors for `Distillation`, batch by batch."""

    bank: Bank
    taught: Mapping[Role, Taught]
    order: tuple[tuple[Role, tuple[str, ...]], ...]

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, place: int) -> dict[str, Any]:
        role, texts = self.order[place]
        states, mask = self.bank.batch(texts, role)
        return {"states": states, "mask": mask, "wanted": torch.from_numpy(self.taught[role].of(texts))}


def distil_batches(
    bank: Bank, learned: Mapping[Role, Sequence[str]], taught: Mapping[Role, Taught], plan: Plan
) -> DistilBatches:
    """Returns as many batches as the plan reads, those of each role as many as it has texts, spread evenly."""
    total = sum(len(texts) for texts in learned.values())
    placed: list[tuple[float, tuple[Role, tuple[str, ...]]]] = []
    for turn, (role, texts) in enumerate(learned.items()):
        count = max(1, round(plan.batches * len(texts) / total)) if texts else 0
        made = by_length(bank.lengths(texts, role), count=count, size=plan.batch_size, seed=plan.seed + turn)
        placed += [((at + 0.5) / len(made), (role, _named(texts, rows))) for at, rows in enumerate(made)]
    ordered = [batch for _, batch in sorted(placed, key=lambda entry: entry[0])]
    return DistilBatches(bank, taught, tuple((ordered * 2)[: plan.batches]))


def _named(texts: Sequence[str], rows: npt.NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(texts[row] for row in rows)
