"""Fewer attention heads: in every block those go that the loss owes least to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch

from tradewind.compression.bert import plain_names
from tradewind.compression.pruning.families import depth_of, family_of
from tradewind.compression.pruning.rewriting import rewritten
from tradewind.compression.pruning.watched_layers import encoder_to_watch, watch_layers
from tradewind.errors import ConfigError
from tradewind.models.checkpoint import EncoderWeights, read_weights
from tradewind.models.narrow import HEAD_SIZE

_INPUTS: Final = ("attention.self.query", "attention.self.key", "attention.self.value")
_OUTPUT: Final = "attention.output.dense"


def prune_heads(
    checkpoint: Path,
    keep_per_layer: int,
    texts: Sequence[str],
    out: Path,
    *,
    prefixes: Mapping[str, str] | None = None,
) -> Path:
    """Returns `out`, a plain checkpoint whose blocks have the `keep_per_layer` heads that `texts` need most.

    Every block keeps as many, so that one number in the configuration says it. Raises ConfigError for a family whose
    heads cannot go or a number that it has not got, DataError for too few texts.
    """
    weights = read_weights(checkpoint)
    family = family_of(weights.config, what="heads")
    heads, size = _heads_of(weights)
    if not 1 <= keep_per_layer <= heads:
        raise ConfigError(f"{keep_per_layer} heads cannot be kept of {heads}", where=str(checkpoint))
    importance = head_importance(checkpoint, texts, prefixes=prefixes)
    tensors = plain_names(weights.tensors)
    for block, row in enumerate(importance):
        kept = np.sort(np.argsort(-row, kind="stable")[:keep_per_layer])
        places = (kept[:, None] * size + np.arange(size)).ravel()
        for part in (family.name(block, name) for name in _INPUTS):
            tensors[f"{part}.weight"] = tensors[f"{part}.weight"][places]
            tensors[f"{part}.bias"] = tensors[f"{part}.bias"][places]
        output = f"{family.name(block, _OUTPUT)}.weight"
        tensors[output] = tensors[output][:, places]
    config = dict(weights.config) | {"num_attention_heads": keep_per_layer, HEAD_SIZE: size}
    return rewritten(checkpoint, out, tensors, config)


def head_importance(checkpoint: Path, texts: Sequence[str], *, prefixes: Mapping[str, str] | None = None) -> np.ndarray:
    """Returns how much the loss would change, to first order, without each head: float64 (blocks, heads), each row of
    length 1.

    Michel, Levy and Neubig, "Are Sixteen Heads Really Better than One?" (NeurIPS 2019), eq. 2: the mean over texts of
    |Attn_h(x) · ∂L/∂Attn_h(x)|, and their normalisation by block. Raises DataError for fewer than 8 texts.
    """
    weights = read_weights(checkpoint)
    family = family_of(weights.config, what="heads")
    heads, _ = _heads_of(weights)
    names = [family.name(block, _OUTPUT) for block in range(depth_of(weights.config, family))]
    found = np.zeros((len(names), heads))

    def watch(name: str, value: torch.Tensor, gradient: torch.Tensor) -> None:
        owed = (value * gradient).reshape(*value.shape[:2], heads, -1).sum(dim=(1, 3)).abs().sum(dim=0)
        found[names.index(name)] += owed.double().numpy()

    watch_layers(encoder_to_watch(checkpoint, texts, prefixes), names, texts, watch)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.maximum(lengths, np.finfo(np.float64).tiny))


def _heads_of(weights: EncoderWeights) -> tuple[int, int]:
    """Returns how many heads a block has, and the width of one."""
    heads = int(weights.config["num_attention_heads"])
    return heads, int(weights.config.get(HEAD_SIZE) or int(weights.config["hidden_size"]) // heads)
