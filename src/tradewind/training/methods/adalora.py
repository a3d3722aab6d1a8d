"""Low-rank adapters that share one budget of ranks: those that matter least lose theirs (Zhang et al., "Adaptive Budget
Allocation for Parameter-Efficient Fine-Tuning", ICLR 2023), by peft; merged when training ends."""

from __future__ import annotations

from typing import Annotated, cast

from peft import AdaLoraConfig, PeftModel
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn
from transformers import TrainerCallback

from tradewind.errors import ConfigError
from tradewind.training.rank_schedule import FEWEST_STEPS, RankSchedule
from tradewind.training.targets import low_rank_targets, whole_head
from tradewind.training.tuning import OPTIONS, Parts, TuningMethod


class _Scheduled(PeftModel):
    """A model under AdaLoRA that asks the trainer to call its schedule: neither peft nor transformers does."""

    def callbacks(self, steps: int) -> list[TrainerCallback]:
        return [RankSchedule(self.base_model, steps)]


@dataclass(frozen=True, config=OPTIONS)
class AdaLoraTuning(TuningMethod):
    """Trains W + (alpha / start_rank)·B·E·A with E diagonal; of `start_rank` directions a layer begins with, `rank`
    are left on average."""

    learning_rate = 2e-3

    rank: Annotated[int, Field(ge=1)] = 8
    start_rank: Annotated[int, Field(ge=2)] = 12
    alpha: Annotated[int, Field(ge=1)] = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    orthogonality: Annotated[float, Field(ge=0)] = 0.1

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model` wrapped by peft. Raises ConfigError when it has no layer that an adapter fits on."""
        if self.rank >= self.start_rank:
            raise ConfigError(
                f"adalora starts with rank {self.start_rank}, which leaves nothing to take away down to {self.rank}",
                hint="make start_rank larger than rank",
            )
        targets = low_rank_targets("adalora", model, parts)
        config = AdaLoraConfig(
            init_r=self.start_rank,
            target_r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            orth_reg_weight=self.orthogonality,
            total_step=FEWEST_STEPS,
            target_modules=targets,
            modules_to_save=whole_head(parts, targets),
        )
        return _Scheduled(model, config)

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns the model that `prepare` was given, the adapters added into its weights."""
        return cast(nn.Module, cast(PeftModel, model).merge_and_unload())
