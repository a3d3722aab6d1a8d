"""Word vectors of virtual tokens in front of each text (Lester et al., "The Power of Scale for Parameter-Efficient
Prompt Tuning", EMNLP 2021), by peft."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from peft import PromptTuningConfig, TaskType
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import nn

from tradewind.training.tuning import OPTIONS, Parts, TuningMethod, require
from tradewind.training.virtual_tokens import put_before, shape_of


@dataclass(frozen=True, config=OPTIONS)
class PromptTuning(TuningMethod):
    """Trains `tokens` word vectors that are read before every text, and the head where it is new."""

    learning_rate = 1e-2
    merges = False

    tokens: Annotated[int, Field(ge=1, le=256)] = 16

    def moving(self, depth: int, wanted: int) -> int:
        """Returns `depth`: the virtual tokens go through every block."""
        return depth

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model`, its transformer wrapped by peft. Raises ConfigError when there is no transformer in it."""
        require("prompt", parts)
        transformer: Any = model.get_submodule(parts.transformer)
        config = PromptTuningConfig(
            task_type=TaskType.FEATURE_EXTRACTION, num_virtual_tokens=self.tokens, **shape_of(transformer)
        )
        words = transformer.get_input_embeddings().weight.detach()
        with torch.no_grad():
            put_before(model, parts, config).copy_(words[torch.randint(len(words), (self.tokens,))])
        return model

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns `model` itself, the virtual tokens still in it."""
        return model
