"""Keys and values of virtual tokens that every block looks at (Li and Liang, "Prefix-Tuning", ACL 2021), by peft."""

from __future__ import annotations

from typing import Annotated

from peft import PrefixTuningConfig, TaskType
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from tradewind.training.tuning import OPTIONS, Parts, TuningMethod, require
from tradewind.training.virtual_tokens import put_before, shape_of


@dataclass(frozen=True, config=OPTIONS)
class PrefixTuning(TuningMethod):
    """Trains the keys and values of `tokens` virtual tokens in every block, and the head where it is new."""

    learning_rate = 5e-3
    merges = False

    tokens: Annotated[int, Field(ge=1, le=256)] = 16

    def moving(self, depth: int, wanted: int) -> int:
        """Returns `depth`: the lowest block, too, looks at the prefix."""
        return depth

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model`, its transformer wrapped by peft. Raises ConfigError for a family that reads no cache."""
        require("prefix", parts)
        shape = shape_of(model.get_submodule(parts.transformer))
        config = PrefixTuningConfig(task_type=TaskType.FEATURE_EXTRACTION, num_virtual_tokens=self.tokens, **shape)
        prefix = put_before(model, parts, config)
        # Near zero a prefix hardly disturbs; the library's own start has a deviation of 1.
        nn.init.normal_(prefix, std=0.02)
        return model

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns `model` itself, the prefix still in it."""
        return model
