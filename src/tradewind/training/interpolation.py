"""Mixes tuned weights with those they came from, to give up a little of the new for what was known before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

Weights = Mapping[str, torch.Tensor]


def copy_of(model: nn.Module, names: set[str] | None = None) -> dict[str, torch.Tensor]:
    """Returns detached copies of the parameters called `names`, or of all."""
    return {
        name: parameter.detach().clone()
        for name, parameter in model.named_parameters()
        if names is None or name in names
    }


@dataclass(frozen=True, slots=True)
class Mixture:
    """Weights before and after tuning, by parameter name."""

    before: Weights
    after: Weights

    @torch.no_grad()
    def apply(self, model: nn.Module, share: float) -> None:
        """Sets `model` to share · after + (1 − share) · before (Wortsman et al., "Robust fine-tuning of zero-shot
        models", CVPR 2022); a share of 1 is the tuned model, 0 the one before, both exactly."""
        parameters = dict(model.named_parameters())
        for name, old in self.before.items():
            mixed = (
                self.after[name] if share == 1.0 else old if share == 0.0 else torch.lerp(old, self.after[name], share)
            )
            parameters[name].copy_(mixed)
