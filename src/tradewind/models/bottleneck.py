"""Bottleneck adapters: a small non-linear layer behind a block's halves, the rest of the block as pretrained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn
from torch.nn.functional import gelu

from tradewind.models.adaptable import FAMILIES

Placement = Literal["houlsby", "pfeiffer"]


class Bottleneck(nn.Module):
    """h = W·x + b of the linear layer `base`, and h + up(gelu(down(h))) behind it.

    The layer's output goes on to the residual sum, so the adapter stands where Houlsby et al. put it ("Parameter-
    Efficient Transfer Learning for NLP", ICML 2019). `up` starts at zero: a new adapter changes nothing.
    """

    def __init__(self, base: nn.Linear, width: int) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Linear(base.out_features, width)
        self.up = nn.Linear(width, base.out_features)
        nn.init.normal_(self.down.weight, std=0.02)
        for parameter in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(parameter)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Returns (…, out_features)."""
        states = self.base(states)
        added: torch.Tensor = self.up(gelu(self.down(states)))
        return states + added


def insert_bottlenecks(
    transformer: nn.Module, blocks: Sequence[str], model_type: str, width: int, placement: Placement
) -> None:
    """Puts an adapter of `width` into each of the `blocks` (dotted names in `transformer`), in place.

    `houlsby` puts one behind attention and one behind the feed-forward, `pfeiffer` the second only (Pfeiffer et al.,
    "AdapterFusion", EACL 2021). Raises KeyError for a family that is not in the table of families.
    """
    family = FAMILIES[model_type]
    halves = (family.attention_output, family.feed_forward_output)
    for block in blocks:
        for half in halves if placement == "houlsby" else halves[1:]:
            layer = transformer.get_submodule(f"{block}.{half}")
            if not isinstance(layer, nn.Linear):
                raise TypeError(f"{block}.{half} is a {type(layer).__name__}, not a linear layer")
            transformer.set_submodule(f"{block}.{half}", Bottleneck(layer, width))


def bottleneck_weights(transformer: nn.Module) -> dict[str, torch.Tensor]:
    """Returns the weights of the adapters in `transformer`, by their names there."""
    return {
        f"{name}.{part}": value.detach()
        for name, module in transformer.named_modules()
        if isinstance(module, Bottleneck)
        for part, value in module.named_parameters()
        if not part.startswith("base.")
    }
