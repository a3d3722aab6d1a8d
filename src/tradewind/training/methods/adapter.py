"""Bottleneck adapters inside the blocks; they are not linear, so they stay in the model when training ends."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from tradewind.models.adapted import with_bottlenecks
from tradewind.training.targets import adapter_names, fresh_head
from tradewind.training.tuning import OPTIONS, Parts, TuningMethod, move_only, require


@dataclass(frozen=True, config=OPTIONS)
class AdapterTuning(TuningMethod):
    """Trains an adapter of `width` behind each half of a block (`houlsby`), or one a block (`pfeiffer`)."""

    learning_rate = 1e-3
    merges = False

    width: Annotated[int, Field(ge=1)] = 32
    placement: Literal["houlsby", "pfeiffer"] = "houlsby"

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model` with adapters in it. Raises ConfigError for a family that the table of layers lacks."""
        require("adapter", parts)
        inside = len(parts.transformer) + 1
        facts = {
            "blocks": [block[inside:] for block in parts.moving_blocks],
            "model_type": parts.model_type,
            "width": self.width,
            "placement": self.placement,
        }
        adapted = with_bottlenecks(model.get_submodule(parts.transformer), facts)
        model.set_submodule(parts.transformer, adapted)
        return move_only(model, (*adapter_names(model), *fresh_head(parts)))

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns `model` itself, the adapters still in it."""
        return model
