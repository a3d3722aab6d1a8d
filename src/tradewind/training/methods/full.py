"""Every parameter moves, but for what the model keeps frozen."""

from __future__ import annotations

from pydantic.dataclasses import dataclass
from torch import nn

from tradewind.training.tuning import OPTIONS, Parts, TuningMethod, within


@dataclass(frozen=True, config=OPTIONS)
class FullTuning(TuningMethod):
    """Trains all of the model."""

    learning_rate = 1e-4

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model` itself, everything outside `parts.frozen` requiring a gradient."""
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(not within(name, parts.frozen))
        return model

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns `model` itself."""
        return model
