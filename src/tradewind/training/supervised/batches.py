"""Batches of rows: of like length, or whole questions where the loss compares a question's rows with one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tradewind.training.batches import by_length
from tradewind.training.plan import Plan
from tradewind.training.supervised.states import RowStates
from tradewind.training.supervised.task import IGNORED, Rows

Numbers = npt.NDArray[np.int64]


class RowBatches:
    """The batches of a run in their order, made when asked for: states, mask, and the targets by name."""

    def __init__(self, states: RowStates, rows: Rows, plan: Plan) -> None:
        self._states = states
        self._targets = rows.targets
        made = by_length(states.lengths, count=plan.batches, size=plan.batch_size, seed=plan.seed)
        self._rows = made if rows.groups is None else whole_groups(rows.groups, plan)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        rows = self._rows[place]
        states, mask = self._states.batch(rows)
        return {"states": states, "mask": mask, **_gathered(self._targets, rows, mask.shape[1])}


def whole_groups(groups: Numbers, plan: Plan) -> list[Numbers]:
    """Returns batches of about the plan's size that hold every row of each group they touch."""
    random = np.random.default_rng(plan.seed)
    members = [np.flatnonzero(groups == group).astype(np.int64) for group in np.unique(groups)]
    batches: list[Numbers] = []
    while members and len(batches) < plan.batches:
        held: list[Numbers] = []
        for place in random.permutation(len(members)):
            held.append(members[place])
            if sum(map(len, held)) >= plan.batch_size:
                batches.append(np.concatenate(held))
                held = []
        if held:
            batches.append(np.concatenate(held))
    return batches[: plan.batches]


def _gathered(
    targets: Mapping[str, npt.NDArray[Any] | Sequence[npt.NDArray[Any]]], rows: Numbers, tokens: int
) -> dict[str, torch.Tensor]:
    return {name: _one(target, rows, tokens) for name, target in targets.items()}


def _one(target: npt.NDArray[Any] | Sequence[npt.NDArray[Any]], rows: Numbers, tokens: int) -> torch.Tensor:
    """A target per token is padded with the value that counts for nothing."""
    if isinstance(target, np.ndarray):
        return torch.from_numpy(target[rows])
    filled = np.full((len(rows), tokens), IGNORED, dtype=np.int64)
    for place, row in enumerate(rows):
        filled[place, : len(target[row])] = target[row]
    return torch.from_numpy(filled)
