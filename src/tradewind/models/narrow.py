"""Attention with fewer heads than the width of a block has room for, as pruning leaves it.

    config.json   `head_size`: the width of one head; `num_attention_heads`: how many every block has left

The library takes a head to be the block's width over the number of heads, so such a model is built whole, its attention
narrowed, and the weights read into it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModel

from tradewind.errors import ModelError
from tradewind.models.checkpoint import WEIGHTS_FILE

HEAD_SIZE: Final = "head_size"


def is_narrow(config: Any) -> bool:
    """Returns whether a checkpoint's configuration is of attention that lost heads."""
    return isinstance(getattr(config, HEAD_SIZE, None), int)


def load_narrow(folder: Path, config: Any, **options: Any) -> nn.Module:
    """Returns the fp32 transformer in `folder`. Raises ModelError when weights and configuration do not agree."""
    heads, size = int(config.num_attention_heads), int(getattr(config, HEAD_SIZE))
    config.num_attention_heads = int(config.hidden_size) // size
    model: nn.Module = AutoModel.from_config(config, dtype=torch.float32, **options)  # type: ignore[no-untyped-call]
    whole: Any = model.config
    whole.num_attention_heads = heads
    for module in model.modules():
        if hasattr(module, "self") and hasattr(module.self, "attention_head_size"):
            narrow_attention(module, heads, size)
    _read(model, folder)
    return model.eval()


def narrow_attention(attention: Any, heads: int, size: int) -> None:
    """Gives a BERT-like attention module, query, key and value in `self`, room for `heads` heads of `size` each."""
    inner, width = attention.self, attention.self.query.in_features
    inner.num_attention_heads, inner.all_head_size = heads, heads * size
    for name in ("query", "key", "value"):
        setattr(inner, name, nn.Linear(width, heads * size))
    attention.output.dense = nn.Linear(heads * size, width)


def _read(model: nn.Module, folder: Path) -> None:
    try:
        found = model.load_state_dict(load_file(folder / WEIGHTS_FILE), strict=False)
    except RuntimeError as error:
        raise ModelError(f"weights and configuration do not agree: {error}", where=str(folder)) from None
    if found.missing_keys:
        raise ModelError(f"the checkpoint has no tensor {found.missing_keys[0]!r}", where=str(folder))
