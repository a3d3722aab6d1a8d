"""A self-attentive model of a household's baskets (Kang and McAuley, "Self-Attentive Sequential Recommendation", ICDM
2018), whose items start from a language model's vectors and whose attention fades with the days between baskets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class SequenceConfig:
    """The shape of a sequence model. `text` is the width of the whitened text vectors; `learned` how many items have a
    vector of their own beside their text's; `window` the most baskets that are looked at."""

    text: int
    learned: int
    dimension: int = 64
    blocks: int = 2
    heads: int = 2
    times: int = 4
    window: int = 64
    dropout: float = 0.2


class ItemSide(NamedTuple):
    """What the model knows of items: `vectors` (items, d), the `bias` of their scores and the log of their `weight`
    within a basket, (items,) each."""

    vectors: torch.Tensor
    bias: torch.Tensor
    weight: torch.Tensor


class ItemVectors(nn.Module):
    """An item's vector: its text's, through a learned adaptor, plus a residual of its own where it sold often enough
    (UniSRec's adaptor with SASRec's table; Hou et al., KDD 2022)."""

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__()
        self.adaptor = nn.Linear(config.text, config.dimension)
        # Slot 0 stands for every item without enough history and stays zero: such an item is its text alone.
        self.residual = nn.Embedding(config.learned + 1, config.dimension, padding_idx=0)
        self.own = nn.Embedding(config.learned + 1, 2, padding_idx=0)
        nn.init.normal_(self.residual.weight, std=0.02)
        nn.init.zeros_(self.own.weight)
        with torch.no_grad():
            self.residual.weight[0].zero_()

    def forward(self, text: torch.Tensor, slot: torch.Tensor, log_share: torch.Tensor) -> ItemSide:
        """Returns the items with `text` (items, text), residual `slot` (items,) and `log_share` of all purchases."""
        own = self.own(slot)
        return ItemSide(self.adaptor(text) + self.residual(slot), log_share + own[:, 0], own[:, 1])


class BlockShape(Protocol):
    """What a block has to know: its width, its heads, and the share of its states that are dropped in training."""

    @property
    def dimension(self) -> int: ...

    @property
    def heads(self) -> int: ...

    @property
    def dropout(self) -> float: ...


class Block(nn.Module):
    """Pre-norm attention over earlier baskets, each head fading with the log of the days between, then two layers."""

    def __init__(self, config: BlockShape) -> None:
        super().__init__()
        width = config.dimension
        self.heads = config.heads
        self.before = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.join = nn.Linear(width, width)
        self.between = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(config.dropout)
        self.fade = nn.Parameter(torch.linspace(-3.0, -1.0, config.heads))

    def forward(self, state: torch.Tensor, ages: torch.Tensor, closed: torch.Tensor) -> torch.Tensor:
        """Returns the next state (n, b, d) from `ages` (n, 1, b, b), log days, and `closed`, low at the future."""
        normed = self.before(state)
        query, key, value = (self._split(layer(normed)) for layer in (self.query, self.key, self.value))
        logits = query @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5)
        logits = logits - torch.exp(self.fade)[:, None, None] * ages + closed
        mixed = self.dropout(torch.softmax(logits, dim=-1)) @ value
        state = state + self.dropout(self.join(mixed.transpose(1, 2).flatten(2)))
        hidden = self.dropout(functional.gelu(self.widen(self.between(state))))
        after: torch.Tensor = state + self.dropout(self.narrow(hidden))
        return after

    def _split(self, state: torch.Tensor) -> torch.Tensor:
        return state.view(*state.shape[:2], self.heads, -1).transpose(1, 2)


class SequenceModel(nn.Module):
    """Gives, after each basket, the vector whose product with an item's says how likely the item is in the next one."""

    def __init__(self, config: SequenceConfig) -> None:
        super().__init__()
        self.shape = config
        self.items = ItemVectors(config)
        self.scale = nn.LayerNorm(config.dimension)
        self.clock = nn.Linear(config.times, config.dimension)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.last = nn.LayerNorm(config.dimension)
        self.output = nn.Linear(config.dimension, config.dimension)

    def forward(self, pooled: torch.Tensor, times: torch.Tensor, days: torch.Tensor) -> torch.Tensor:
        """Returns (n, baskets, d) from weighted sums of item vectors `pooled` (n, baskets, d), `times` (n, baskets, t)
        and `days` (n, baskets)."""
        state = self.dropout(self.scale(pooled) + self.clock(times))
        ages = torch.log1p(torch.clamp(days[:, :, None] - days[:, None, :], min=0.0))[:, None]
        steps = torch.arange(pooled.shape[1], device=pooled.device)
        closed = torch.where(steps[None, :] > steps[:, None], -1e9, 0.0)
        for block in self.blocks:
            state = block(state, ages, closed)
        answer: torch.Tensor = self.output(self.last(state))
        return answer


def pool(items: ItemSide, lines: torch.Tensor, basket: torch.Tensor, baskets: int) -> torch.Tensor:
    """Returns (baskets, d): per basket the sum of its items' vectors, each by its weight. `lines` are item places."""
    weighted = items.vectors[lines].float() * torch.exp(items.weight[lines].float())[:, None]
    return torch.zeros(baskets, weighted.shape[1], device=weighted.device).index_add_(0, basket, weighted)
