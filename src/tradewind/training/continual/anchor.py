"""Elastic weight consolidation: weights that mattered for the old examples are held where they are.

Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS 2017: the loss gets
λ/2 · Σ F(θ − θ*)², F the diagonal of the Fisher information at θ*, the weights that the run begins with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import nn

from tradewind.errors import ConfigError
from tradewind.models.text_model import TextModel
from tradewind.telemetry import SilentProgress
from tradewind.training.plan import Plan
from tradewind.training.supervised.batches import RowBatches
from tradewind.training.supervised.objective import Supervised, Terms
from tradewind.training.supervised.states import RowStates
from tradewind.training.supervised.task import Rows, TextTask
from tradewind.training.tuning import trainable, within

Weights = Mapping[str, torch.Tensor]
EXAMPLES: Final = 256
"""Examples over which the Fisher information is taken: each costs one pass there and back."""
TABLE: Final = "encoder.model.embeddings"
"""The word table, which no method moves."""


def fisher(model: TextModel, task: TextTask, rows: Rows, plan: Plan) -> dict[str, torch.Tensor]:
    """Returns by parameter name the mean square of the gradient of each example's loss: the empirical Fisher diagonal.

    The loss should be the negative log-likelihood alone: at the optimum of a smoothed one all gradients are 0. Taken
    over up to EXAMPLES of `rows`, chosen by the plan's seed; where a loss compares whole groups, over groups.
    """
    model.eval()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not within(name, (TABLE,)))
    moving = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    found = {name: torch.zeros_like(parameter) for name, parameter in moving.items()}
    one_each = replace(plan, batch_size=1, accumulation=1, steps=min(EXAMPLES, len(rows)))
    batches = RowBatches(RowStates(model.encoder, rows.ids, 0, Path(), SilentProgress()), rows, one_each)
    objective = Supervised(model, model.encoder, task, 0, Terms()).eval()
    for place in range(len(batches)):
        model.zero_grad()
        objective(**batches[place])["loss"].backward()
        for name, parameter in moving.items():
            if parameter.grad is not None:
                found[name] += parameter.grad**2 / len(batches)
    model.zero_grad()
    return found


@dataclass(frozen=True, slots=True)
class Anchor:
    """Holds the parameters of a model at `start`, each by its own importance, with `strength` λ."""

    importance: Weights
    start: Weights
    strength: float

    def penalty(self, model: nn.Module) -> torch.Tensor:
        """Returns λ/2 · Σ F(θ − θ*)², a scalar, over the parameters of `model` that move."""
        moving = {name: parameter for name, parameter in model.named_parameters() if name in self.start}
        terms = [
            (self.importance[name].to(value.device) * (value - self.start[name].to(value.device)) ** 2).sum()
            for name, value in moving.items()
        ]
        return self.strength / 2 * torch.stack(terms).sum()


def anchored(model: nn.Module, importance: Weights, strength: float) -> Anchor:
    """Returns the anchor of `model` where it is now.

    Raises ConfigError when a method has put weights of its own into it: their importance was never measured.
    """
    moving = trainable(model)
    strange = [name for name in moving if name not in importance]
    if strange:
        raise ConfigError(
            "ewc holds the model's own weights where they are, and this method moves others",
            where="learn.estimators",
            hint="set method: full, partial or head, or use replay alone",
        )
    parameters = dict(model.named_parameters())
    start = {name: parameters[name].detach().clone() for name in moving}
    return Anchor({name: importance[name] for name in moving}, start, strength)
