"""Low-rank adapters on the attention layers (Hu et al., "LoRA", ICLR 2022), by peft; merged when training ends."""

from __future__ import annotations

from typing import cast

from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from tradewind.errors import ConfigError
from tradewind.training.tuning import Parts, within


class LoraTuning:
    """Trains W + (alpha / rank)·B·A in place of W for every adaptable layer, and the head where it is new."""

    learning_rate = 4e-4

    def __init__(self, rank: int = 16, alpha: int = 32, dropout: float = 0.0) -> None:
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns `model` wrapped by peft. Raises ConfigError when it has no layer that an adapter fits on."""
        targets = _targets(model, parts)
        if not targets:
            raise ConfigError(
                f"lora finds no layer called {' or '.join(parts.adaptable)} in {type(model).__name__}",
                hint="use the method full or head for this model",
            )
        config = LoraConfig(
            r=self.rank,
            lora_alpha=self.alpha,
            lora_dropout=self.dropout,
            target_modules=targets,
            modules_to_save=_whole(parts, targets) or None,
        )
        return cast(nn.Module, get_peft_model(model, config))

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns the model that `prepare` was given, the adapters added into its weights."""
        return cast(nn.Module, cast(PeftModel, model).merge_and_unload())


def _targets(model: nn.Module, parts: Parts) -> list[str]:
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.split(".")[-1] in parts.adaptable and not within(name, parts.frozen)
    ]


def _whole(parts: Parts, targets: list[str]) -> list[str]:
    """Returns the head's modules that no adapter goes into: a fresh head has to be learned as a whole."""
    return [name for name in parts.head if not any(within(target, (name,)) for target in targets)]
