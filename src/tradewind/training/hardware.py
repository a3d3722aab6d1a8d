"""What the machine at hand can do, and what the trainer is told of it."""

from __future__ import annotations

from typing import Any, Final, Literal

import torch
from peft import PeftModel, PeftType
from torch import nn
from transformers import PreTrainedModel

from tradewind.errors import ConfigError
from tradewind.telemetry import Progress
from tradewind.training.plan import processor_has_bf16
from tradewind.training.resources import Resources

Precision = Literal["fp32", "bf16", "fp16"]
_PREFIXES: Final = {PeftType.PREFIX_TUNING}


def precision_here(asked: str) -> Precision:
    """Returns what numbers are multiplied in where `asked` is learned.

    Raises ConfigError for fp16 without a card: its gradients vanish without a scaler, which works on cards only, and
    processors multiply it many times slower than fp32.
    """
    card = torch.cuda.is_available()
    if asked == "fp16" and not card:
        other = "bf16 or auto" if processor_has_bf16() else "fp32 or auto"
        raise ConfigError(
            "fp16 needs a card, and there is none",
            where="learn.resources.precision",
            hint=f"on this processor take {other}",
        )
    if asked == "auto":
        return "bf16" if (torch.cuda.is_bf16_supported() if card else processor_has_bf16()) else "fp32"
    return {"fp32": "fp32", "bf16": "bf16", "fp16": "fp16"}[asked]  # type: ignore[return-value]


def require(resources: Resources) -> None:
    """Raises ConfigError when this machine cannot give what `resources` asks of it."""
    if resources.cluster != "none":
        return
    precision_here(resources.precision)
    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if cards and resources.processes > cards:
        raise ConfigError(
            f"{resources.processes} processes take a card each, and there are {cards}",
            where="learn.resources.processes",
        )
    if resources.sharding == "fsdp" and not cards:
        raise ConfigError(
            "fsdp parts the weights among cards, and there is none: accelerate does not shard on a processor",
            where="learn.resources.sharding",
            hint="leave it out: the processes then share the work, each with the whole model",
        )


def trainer_arguments(resources: Resources, objective: nn.Module) -> dict[str, Any]:
    """Returns the TrainingArguments that say how this machine, or this worker of several, learns."""
    precision = precision_here(resources.precision)
    found: dict[str, Any] = {
        "bf16": precision == "bf16",
        "fp16": precision == "fp16",
        "use_cpu": not torch.cuda.is_available(),
        # What is frozen is the same everywhere; a first pass that ran out of memory must not leave the others waiting.
        "ddp_broadcast_buffers": False,
    }
    return found | (sharded(objective) if resources.sharding == "fsdp" else {})


def sharded(objective: nn.Module) -> dict[str, Any]:
    """Returns the TrainingArguments for FSDP2 (Zhao et al., "PyTorch FSDP", VLDB 2023): each block is one unit."""
    inside = [part for part in objective.modules() if isinstance(part, PreTrainedModel)]
    blocks = sorted({name for part in inside for name in part._no_split_modules or ()})
    return {
        "fsdp": True,
        "fsdp_config": {
            "version": 2,
            "reshard_after_forward": True,
            "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
            "transformer_layer_cls_to_wrap": blocks,
            "state_dict_type": "FULL_STATE_DICT",
        },
    }


def compute_again(objective: nn.Module, progress: Progress) -> int:
    """Lets the transformers inside `objective` compute their blocks again for the gradient; returns how many there are.

    Chen et al., "Training deep nets with sublinear memory cost", 2016. A model without such blocks is left as it is,
    which `progress` is told. Raises ConfigError for prefix tuning: its keys and values would be left out.
    """
    if any(isinstance(part, PeftModel) and part.peft_type in _PREFIXES for part in objective.modules()):
        raise ConfigError(
            "prefix tuning does not go with gradient checkpointing: the prefix would be left out",
            where="learn.resources.gradient_checkpointing",
            hint="take method: lora or prompt, or leave gradient_checkpointing out",
        )
    found = [part for part in objective.modules() if isinstance(part, PreTrainedModel)]
    able = [part for part in found if part.supports_gradient_checkpointing]
    for part in able:
        part.activation_checkpointing_enable({"use_reentrant": False})
    if not able:
        progress.note("      gradient checkpointing changes nothing here: the model has no blocks to compute again")
    return len(able)
