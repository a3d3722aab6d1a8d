"""The loss of a supervised run: the task's own, with R-Drop and adversarial terms where they are switched on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn

from tradewind.models.bi_encoder import BiEncoder
from tradewind.training.supervised.adversarial import PGD_STEPS, worst_loss
from tradewind.training.supervised.task import TextTask
from tradewind.training.trainer import Objective

Penalty = Callable[[nn.Module], torch.Tensor]
"""A model in, a scalar out that its loss grows by."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is added to a task's loss. `r_drop` weighs the divergence of two dropout masks (Liang et al., "R-Drop",
    NeurIPS 2021); `radius` is the adversary's, relative to the norm of a text's states."""

    r_drop: float = 0.0
    adversary: str = "none"
    radius: float = 0.05


class Supervised(Objective):
    """A task's model with its loss; `model` may be wrapped by a tuning method, `encoder` is the one inside."""

    def __init__(
        self,
        model: nn.Module,
        encoder: BiEncoder,
        task: TextTask,
        cut: int,
        terms: Terms,
        *,
        divisible: bool = True,
        penalty: Penalty | None = None,
    ) -> None:
        super().__init__()
        self._penalty = penalty
        self.model = model
        self._encoder = (encoder,)  # in a tuple: it is inside `model` already, and a module is registered once
        self._task = task
        self._cut = cut
        self._terms = terms
        self.divisible = divisible

    def forward(self, states: torch.Tensor, mask: torch.Tensor, **targets: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}; `states` are ids (n, t) or states (n, t, d), targets have n rows."""
        outputs = self._outputs(states, mask)
        loss = self._task.loss(outputs, targets)
        if self._terms.r_drop:
            again = self._outputs(states, mask)
            loss = (loss + self._task.loss(again, targets)) / 2
            loss = loss + self._terms.r_drop * self._task.divergence(outputs, again, targets)
        if self._terms.adversary != "none" and self.training:
            loss = loss + self._adversarial(states, mask, targets)
        if self._penalty is not None:
            loss = loss + self._penalty(self.model)
        return {"loss": loss}

    def _outputs(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return cast(torch.Tensor, self.model(states, mask, self._cut))

    def _adversarial(self, states: torch.Tensor, mask: torch.Tensor, targets: dict[str, torch.Tensor]) -> torch.Tensor:
        start = states if states.is_floating_point() else self._encoder[0].embedded(states)
        steps = 1 if self._terms.adversary == "fgm" else PGD_STEPS

        def loss(at: torch.Tensor) -> torch.Tensor:
            return self._task.loss(self._outputs(at, mask), targets)

        return worst_loss(loss, start, self._terms.radius, steps)
