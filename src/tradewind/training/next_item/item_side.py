"""What is known of the items before learning starts: whitened text, how they sell, which have a vector of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from tradewind.data.features.basket_counts import ItemStatistics
from tradewind.models.sequence import ItemSide, ItemVectors

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Row-aligned: whitened `text` (items, w), residual `slot` (items,; 0 for none), and `statistics`."""

    text: Floats
    slot: Rows
    statistics: ItemStatistics

    @property
    def learned(self) -> int:
        """How many items have a vector of their own."""
        return int(self.slot.max(initial=0))

    def side(self, model: ItemVectors, rows: Rows) -> ItemSide:
        """Returns the item side of `rows` under `model`."""
        side: ItemSide = model(
            torch.from_numpy(self.text[rows]),
            torch.from_numpy(self.slot[rows]),
            torch.from_numpy(self.statistics.log_share[rows]),
        )
        return side

    @torch.no_grad()
    def whole_side(self, model: ItemVectors) -> ItemSide:
        """Returns the item side of every item, float32."""
        rows = np.arange(len(self.slot))
        parts = [self.side(model, rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]
        return ItemSide(*(torch.cat([part[place].float() for part in parts]) for place in range(3)))


def whitened(vectors: Floats, sold: Rows, width: int) -> Floats:
    """Returns the vectors in their `width` strongest directions over the `sold` rows, each of variance 1 there.

    A language model's vectors crowd in a narrow cone, which hides what sets items apart (Zhang et al., "Are ID
    Embeddings Necessary? Whitening Pre-trained Text Embeddings for Effective Sequential Recommendation", ICDE 2024).
    """
    seen = vectors[sold] if len(sold) > 1 else vectors
    centre = seen.mean(axis=0)
    around = seen - centre
    values, directions = np.linalg.eigh((around.T @ around).astype(np.float64) / max(len(seen) - 1, 1))
    kept = np.argsort(-values)[: min(width, len(values))]
    # A floor under the weakest directions: they are noise, and whitening would make it as loud as meaning.
    scale = np.sqrt(np.maximum(values[kept], 0.0) + 1e-3 * max(values.max(), 1e-12))
    white: Floats = ((vectors - centre) @ (directions[:, kept] / scale).astype(np.float32)).astype(np.float32)
    return white


def slots(purchases: Rows, own_from: int) -> Rows:
    """Returns the residual slot per item, numbered from 1 for items bought `own_from` times or more, else 0."""
    own = purchases >= own_from
    return np.where(own, np.cumsum(own), 0).astype(np.int64)
