"""Learned factors for keys, values and the feed-forward's inner states (Liu et al., "Few-Shot Parameter-Efficient
Fine-Tuning is Better and Cheaper than In-Context Learning", NeurIPS 2022), by peft; merged when training ends."""

from __future__ import annotations

from typing import cast

from peft import IA3Config, PeftModel, get_peft_model
from pydantic.dataclasses import dataclass
from torch import nn

from tradewind.models.adaptable import FAMILIES
from tradewind.training.targets import whole_head
from tradewind.training.tuning import OPTIONS, Parts, TuningMethod, require


@dataclass(frozen=True, config=OPTIONS)
class Ia3Tuning(TuningMethod):
    """Multiplies, dimension by dimension, what keys and values are and what the feed-forward's last layer reads."""

    learning_rate = 5e-3

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model` wrapped by peft. Raises ConfigError for a family that the table of layers does not hold."""
        require("ia3", parts)
        family = FAMILIES[parts.model_type]
        inner = [f"{block}.{family.feed_forward_output}" for block in parts.moving_blocks]
        targets = [f"{block}.{name}" for block in parts.moving_blocks for name in family.keys_values] + inner
        config = IA3Config(
            target_modules=targets, feedforward_modules=inner, modules_to_save=whole_head(parts, targets)
        )
        return cast(nn.Module, get_peft_model(model, config))

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns the model that `prepare` was given, its weights multiplied by the factors."""
        return cast(nn.Module, cast(PeftModel, model).merge_and_unload())
