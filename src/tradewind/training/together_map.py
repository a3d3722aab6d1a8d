"""Learns the linear map from what an item is to what is bought with it, over vectors that no longer move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from tradewind.runtime.role_map import RoleMap
from tradewind.telemetry import Progress
from tradewind.training.plan import Plan
from tradewind.training.trainer import Curves, Objective, fit

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
SCALE: Final = 20.0
STEPS: Final = 1500
BATCH: Final = 512
LEARNING_RATE: Final = 2e-3
CORRECTION: Final = 0.25
"""The share of log(frequency) taken off a negative's logit. With 1 the map learns how likely something is bought, its
popularity included; with 0 only how much likelier than usual. Chosen on validation questions (ADR 0060)."""


@dataclass(frozen=True, slots=True)
class Bought:
    """What the map learns from: unit vectors `anchors` and `passages` (texts, d) and pairs of rows into them."""

    anchors: Floats
    passages: Floats
    left: Rows
    right: Rows
    sizes: tuple[int, ...] = ()
    """Sizes of vectors that the map should serve (see `contrast`); none: the whole width."""


class TogetherObjective(Objective):
    """Softmax over the batch's passages for the mapped anchor, with the frequency correction of `contrast`.

    Vectors are centred on their mean, which lies far from zero in a pretrained encoder; the centre is folded into the
    bias when the map is taken out.
    """

    def __init__(self, bought: Bought) -> None:
        super().__init__()
        width = bought.anchors.shape[1]
        self.map = nn.Linear(width, width)
        nn.init.eye_(self.map.weight)
        nn.init.zeros_(self.map.bias)
        self.centre = torch.from_numpy(bought.anchors.mean(axis=0))

    def forward(
        self, anchors: torch.Tensor, passages: Sequence[torch.Tensor], log_share: torch.Tensor, target: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}; `target` (n,) is each anchor's row in `passages`, one (m, size) for each size."""
        mapped = self.map(anchors - self.centre)
        losses = []
        for found in passages:
            asked = normalize(mapped[:, : found.shape[1]], dim=-1)
            losses.append(cross_entropy(SCALE * asked @ found.T - CORRECTION * log_share, target))
        return {"loss": losses[0] if len(losses) == 1 else torch.stack(losses).mean()}

    @torch.no_grad()
    def role_map(self) -> RoleMap:
        """Returns the map as it stands, over vectors that are not centred."""
        weight = self.map.weight
        bias = self.map.bias - weight @ self.centre
        return RoleMap(weight.numpy().copy(), bias.numpy().copy())


class _Batches:
    def __init__(self, bought: Bought, plan: Plan) -> None:
        self.bought, self.plan = bought, plan
        self._passages = [_spread(bought.passages, size) for size in bought.sizes or (bought.passages.shape[1],)]
        share = np.bincount(bought.right, minlength=len(bought.passages)) / max(1, len(bought.right))
        self._log_share = torch.from_numpy(np.log(share + 1e-9).astype(np.float32))
        self._anchors = torch.from_numpy(bought.anchors)

    def __len__(self) -> int:
        return self.plan.batches if len(self.bought.left) else 0

    def __getitem__(self, place: int) -> dict[str, Any]:
        random = np.random.default_rng((self.plan.seed, place))
        drawn = random.integers(0, len(self.bought.left), self.plan.batch_size)
        passages, target = np.unique(self.bought.right[drawn], return_inverse=True)
        return {
            "anchors": self._anchors[self.bought.left[drawn]],
            "passages": [found[passages] for found in self._passages],
            "log_share": self._log_share[passages],
            "target": torch.from_numpy(target),
        }


def _spread(passages: Floats, size: int) -> torch.Tensor:
    """Returns the passages as an index holds them at this size, centred and at length 1 on average."""
    found = passages
    if size < passages.shape[1]:
        found = passages[:, :size] / np.linalg.norm(passages[:, :size], axis=1, keepdims=True)
    found = found - found.mean(axis=0)
    return torch.from_numpy(found / np.sqrt((found**2).sum(axis=1).mean()))


def map_plan(plan: Plan, asked_steps: int | None) -> Plan:
    """Returns the run's plan made fit for a map: many short steps, which cost little over ready vectors."""
    steps = asked_steps or STEPS
    return replace(
        plan,
        method="head",
        steps=steps,
        batch_size=BATCH,
        accumulation=1,
        evaluate_every=max(1, min(STEPS // 3, steps)),
        learning_rate=LEARNING_RATE,
        optimiser="adamw",
        weight_decay=1e-4,
    )


def fit_together(
    bought: Bought, plan: Plan, folder: Path, validate: Callable[[RoleMap], float], identity: str, progress: Progress
) -> tuple[RoleMap, Curves]:
    """Returns the map that validated best, and the run's curves. Raises ModelError when there are no pairs."""
    objective = TogetherObjective(bought)
    curves = fit(
        objective,
        _Batches(bought, plan),
        plan,
        folder,
        validate=lambda: validate(objective.role_map()),
        watched="recall@20 every item",
        progress=progress,
        identity=identity,
    )
    return objective.role_map(), curves
