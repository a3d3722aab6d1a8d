"""Puts peft's virtual tokens around the transformer inside a model of ours, which goes on calling it as before."""

from __future__ import annotations

from typing import Any

from peft import PeftConfig, get_peft_model
from torch import nn

from tradewind.models.adapted import WithVirtualTokens, virtual_states
from tradewind.training.targets import fresh_head
from tradewind.training.tuning import Parts, move_only


def shape_of(transformer: nn.Module) -> dict[str, Any]:
    """Returns what peft has to know of a transformer, and does not find out in every family."""
    config: Any = transformer.config
    return {
        "token_dim": int(config.hidden_size),
        "num_layers": int(config.num_hidden_layers),
        "num_attention_heads": int(config.num_attention_heads),
        "num_transformer_submodules": 1,
    }


def put_before(model: nn.Module, parts: Parts, config: PeftConfig) -> nn.Parameter:
    """Wraps the transformer inside `model` and returns the virtual tokens (n, …): they alone and a new head move."""
    inner: Any = get_peft_model(model.get_submodule(parts.transformer), config)
    model.set_submodule(parts.transformer, WithVirtualTokens(inner, virtual_states(inner)))
    move_only(model, (f"{parts.transformer}.inner.prompt_encoder", *fresh_head(parts)))
    tokens: nn.Parameter = inner.prompt_encoder["default"].embedding.weight
    return tokens
