"""Low-rank adapters on the attention layers (Hu et al., "LoRA", ICLR 2022), by peft; merged when training ends."""

from __future__ import annotations

from typing import Annotated, cast

from peft import LoraConfig, PeftModel, get_peft_model
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from tradewind.training.targets import low_rank_targets, whole_head
from tradewind.training.tuning import OPTIONS, Parts, TuningMethod


@dataclass(frozen=True, config=OPTIONS)
class LoraTuning(TuningMethod):
    """Trains W + (alpha / rank)·B·A in place of W for every adaptable layer, and the head where it is new."""

    learning_rate = 4e-4

    rank: Annotated[int, Field(ge=1)] = 16
    alpha: Annotated[int, Field(ge=1)] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model` wrapped by peft. Raises ConfigError when it has no layer that an adapter fits on."""
        targets = low_rank_targets("lora", model, parts)
        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=targets,
            modules_to_save=whole_head(parts, targets),
        )
        return cast(nn.Module, get_peft_model(model, config))

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns the model that `prepare` was given, the adapters added into its weights."""
        return cast(nn.Module, cast(PeftModel, model).merge_and_unload())
