"""A self-attentive model of one item after another (SASRec: Kang and McAuley, "Self-Attentive Sequential
Recommendation", ICDM 2018) over items that are known by their id or by their text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, cast

import torch
from torch import nn
from torch.nn.functional import gelu, normalize

from tradewind.models.sequence import Block

_ELSEWHERE = -1e9


@dataclass(frozen=True, slots=True)
class ItemSequenceConfig:
    """The shape of an item-level sequence model over `items` items. With `text` 0 every item has a vector of its own;
    otherwise `text` is the width of the frozen text vectors that an adaptor maps to items. `length` is the most items
    of a sequence that are looked at. With a `temperature` scores are cosines divided by it, without one products."""

    items: int
    text: int = 0
    dimension: int = 64
    blocks: int = 2
    heads: int = 1
    length: int = 50
    dropout: float = 0.5
    temperature: float = 0.0


class PackedRows(NamedTuple):
    """Several sequences side by side in each row, so that hardly any place is padding: `items` (r, c), `ages` (r, c)
    counts places back from its sequence's newest item, `owner` (r, c) numbers the sequences of a row, -1 is padding."""

    items: torch.Tensor
    ages: torch.Tensor
    owner: torch.Tensor


class IdVectors(nn.Module):
    """A vector of its own for every item."""

    def __init__(self, config: ItemSequenceConfig) -> None:
        super().__init__()
        self.table = nn.Embedding(config.items, config.dimension)
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Returns (n, d) for item rows (n,)."""
        return cast(torch.Tensor, self.table(rows))


class TextVectors(nn.Module):
    """An item's frozen, whitened text vector through an adaptor that is learned: an item never sold has one too.

    Whitening and adaptor as in WhitenRec (Zhang et al., ICDE 2024) and UniSRec (Hou et al., KDD 2022).
    """

    def __init__(self, config: ItemSequenceConfig, text: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("text", text, persistent=False)
        self.dropout = nn.Dropout(config.dropout)
        self.widen = nn.Linear(config.text, 2 * config.dimension)
        self.narrow = nn.Linear(2 * config.dimension, config.dimension)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Returns (n, d) for item rows (n,)."""
        text = cast(torch.Tensor, self.text)[rows]
        return cast(torch.Tensor, self.narrow(self.dropout(gelu(self.widen(text)))))


class ItemSequenceModel(nn.Module):
    """Gives, after each item, the vector whose product with an item's vector says how likely that item is the next."""

    def __init__(self, config: ItemSequenceConfig, text: torch.Tensor | None = None) -> None:
        super().__init__()
        self.shape = config
        self.items = IdVectors(config) if text is None else TextVectors(config, text)
        self.position = nn.Embedding(config.length, config.dimension)
        nn.init.normal_(self.position.weight, std=0.02)
        self.scale = nn.LayerNorm(config.dimension)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.last = nn.LayerNorm(config.dimension)

    def forward(self, vectors: torch.Tensor, packed: PackedRows) -> torch.Tensor:
        """Returns states (r, c, d) from the items' `vectors` (r, c, d)."""
        state = self.dropout(self.scale(vectors) + self.position(packed.ages))
        steps = torch.arange(vectors.shape[1], device=vectors.device)
        apart = (steps[:, None] - steps[None, :]).clamp(min=0)
        hidden = (packed.owner[:, :, None] != packed.owner[:, None, :]) | (steps[None, :] > steps[:, None])
        closed = torch.where(hidden, _ELSEWHERE, 0.0)[:, None]
        distance = torch.log1p(apart.float())
        for block in self.blocks:
            state = block(state, distance, closed)
        return self.compared(self.last(state))

    def text(self) -> torch.Tensor | None:
        """Returns the frozen text vectors (items, text), None for a model of ids."""
        return cast(torch.Tensor, self.items.text) if isinstance(self.items, TextVectors) else None

    def compared(self, vectors: torch.Tensor) -> torch.Tensor:
        """Returns `vectors` as scores compare them: of length 1/√temperature, or as they are without one."""
        if not self.shape.temperature:
            return vectors
        return normalize(vectors, dim=-1) * float(self.shape.temperature**-0.5)

    @torch.no_grad()
    def item_side(self) -> torch.Tensor:
        """Returns (items, d): what states are multiplied with, in evaluation mode."""
        self.eval()
        rows = torch.arange(self.shape.items)
        return torch.cat([self.compared(self.items(part)) for part in torch.split(rows, 4096)]).float()
