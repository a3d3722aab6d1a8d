"""Narrower feed-forward layers: in every block those inner values go that move its output least."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tradewind.compression.pruning.families import PrunableFamily, depth_of, family_of
from tradewind.compression.pruning.rewriting import rewritten
from tradewind.compression.pruning.watched_layers import encoder_to_watch, watch_layers
from tradewind.errors import ConfigError
from tradewind.models.checkpoint import EncoderWeights, read_weights


@dataclass(frozen=True, slots=True, eq=False)
class InnerValues:
    """What the inner values of every block come to over texts, each (blocks, width): the mean of their magnitude, and
    their mean."""

    size: np.ndarray
    mean: np.ndarray


def prune_width(
    checkpoint: Path,
    share: float,
    texts: Sequence[str],
    out: Path,
    *,
    prefixes: Mapping[str, str] | None = None,
) -> Path:
    """Returns `out`, a plain checkpoint that keeps the `share` of inner values which moves most on `texts`.

    An inner value weighs by its mean magnitude times the length of its column in the layer that reads it; the mean of
    one that goes is added to that layer's bias, where it has one. Raises ConfigError for a family that is not known or
    a share outside 0 to 1, DataError for too few texts.
    """
    weights = read_weights(checkpoint)
    family = family_of(weights.config, what="feed-forward width")
    width = int(weights.config[family.inner])
    if not 0.0 < share <= 1.0:
        raise ConfigError(f"a share of {share} of the inner values cannot be kept", hint="between 0 and 1")
    kept = max(1, round(share * width))
    values = inner_values(checkpoint, weights, texts, prefixes)
    tensors = {name: _narrowed(name, weights, family, values, kept) for name in weights.tensors}
    return rewritten(checkpoint, out, tensors, dict(weights.config) | {family.inner: kept})


def inner_values(
    checkpoint: Path, weights: EncoderWeights, texts: Sequence[str], prefixes: Mapping[str, str] | None = None
) -> InnerValues:
    """Returns what the inner values of the encoder in `checkpoint` come to when it reads `texts` in both roles."""
    family = family_of(weights.config, what="feed-forward width")
    names = [family.name(block, family.narrow) for block in range(depth_of(weights.config, family))]
    shape = (len(names), int(weights.config[family.inner]))
    size, mean, tokens = np.zeros(shape), np.zeros(shape), np.zeros(len(names))

    def watch(name: str, value: torch.Tensor, gradient: torch.Tensor) -> None:
        block, there = names.index(name), value.abs().sum(dim=-1) > 0
        size[block] += value.abs().sum(dim=(0, 1)).double().numpy()
        mean[block] += value.sum(dim=(0, 1)).double().numpy()
        tokens[block] += int(there.sum())

    watch_layers(encoder_to_watch(checkpoint, texts, prefixes), names, texts, watch)
    return InnerValues(size / tokens[:, None], mean / tokens[:, None])


def _narrowed(name: str, weights: EncoderWeights, family: PrunableFamily, values: InnerValues, kept: int) -> np.ndarray:
    """Returns what the tensor `name` becomes."""
    tensor, found = weights.tensors[name], family.block(name)
    layer, _, part = found[1].rpartition(".") if found else ("", "", "")
    if found is None or layer not in (family.wide, family.narrow):
        return tensor
    head = name.removesuffix(f"{layer}.{part}")
    reader = weights.tensors[f"{head}{family.narrow}.weight"]
    weighed = values.size[found[0]] * np.linalg.norm(reader, axis=0)
    order = np.argsort(-weighed, kind="stable")
    stay, go = np.sort(order[:kept]), order[kept:]
    if layer == family.wide:
        return np.concatenate([half[stay] for half in np.split(tensor, family.gates)])
    if part == "weight":
        return tensor[:, stay]
    return np.asarray(tensor + reader[:, go] @ values.mean[found[0]][go], tensor.dtype)
