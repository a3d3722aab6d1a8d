"""The top blocks move, with the head; the blocks below stay as pretrained and are run once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from tradewind.errors import ConfigError
from tradewind.training.tuning import OPTIONS, Parts, TuningMethod, move_only, require


@dataclass(frozen=True, config=OPTIONS)
class PartialTuning(TuningMethod):
    """Trains the `layers` top blocks of the transformer, however many the effort would move."""

    learning_rate = 1e-4

    layers: Annotated[int, Field(ge=1)] = 2

    def moving(self, depth: int, wanted: int) -> int:
        """Returns `layers`, or all blocks where there are fewer."""
        return min(depth, self.layers)

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model` itself. Raises ConfigError when a block that should move is frozen."""
        require("partial", parts)
        top = parts.blocks[-self.layers :]
        if not set(top) <= set(parts.moving_blocks):
            raise ConfigError(f"partial is to move {len(top)} blocks, but only {len(parts.moving_blocks)} may move")
        return move_only(model, (*top, *parts.head))

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns `model` itself."""
        return model
