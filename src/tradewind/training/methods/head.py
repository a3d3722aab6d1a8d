"""Only the head moves; what lies below it stays as pretrained, so its output can be computed once and kept."""

from __future__ import annotations

from pydantic.dataclasses import dataclass
from torch import nn

from tradewind.training.tuning import OPTIONS, Parts, TuningMethod, within


@dataclass(frozen=True, config=OPTIONS)
class HeadTuning(TuningMethod):
    """Trains the head alone."""

    learning_rate = 2e-4

    def moving(self, depth: int, wanted: int) -> int:
        """Returns 1: a bi-encoder's head is its last block."""
        return min(depth, 1)

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model` itself, nothing outside `parts.head` requiring a gradient."""
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(within(name, parts.head) and not within(name, parts.frozen))
        return model

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns `model` itself."""
        return model
