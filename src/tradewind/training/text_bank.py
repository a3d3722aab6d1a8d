"""Texts ready for the part of an encoder that still moves: token ids, or states that the frozen blocks gave once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tradewind.models.bi_encoder import BiEncoder, padded
from tradewind.tasks.scoring import Role
from tradewind.telemetry import Progress, SilentProgress

_BATCH = 32


class TextBank:
    """Holds texts by role and gives them as padded batches. With a `cut`, states are kept in half precision.

    A kept state costs width · 2 bytes a token: 18 kB for a product of 24 tokens at width 384.
    """

    def __init__(self, encoder: BiEncoder, cut: int) -> None:
        self.encoder = encoder
        self.cut = cut
        self._held: dict[tuple[Role, str], torch.Tensor] = {}

    def add(self, texts: Sequence[str], role: Role, progress: Progress | None = None) -> None:
        """Takes in the texts that are not held yet."""
        progress = progress or SilentProgress()
        new = [text for text in dict.fromkeys(texts) if (role, text) not in self._held]
        ids = [torch.tensor(found, dtype=torch.long) for found in self.encoder.tokens(new, role)]
        order = sorted(range(len(new)), key=lambda place: len(ids[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            for place, state in zip(places, self._states([ids[place] for place in places]), strict=True):
                self._held[role, new[place]] = state
            progress.advance(len(places))

    def lengths(self, texts: Sequence[str], role: Role) -> npt.NDArray[np.int64]:
        """Returns how many tokens each text has, prefix included."""
        return np.array([len(self._held[role, text]) for text in texts], dtype=np.int64)

    def batch(self, texts: Sequence[str], role: Role) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns states or ids padded to the longest, and their mask."""
        rows = [self._held[role, text] for text in texts]
        return padded([row.float() if self.cut else row for row in rows])

    @torch.no_grad()
    def encode(self, texts: Sequence[str], role: Role, model: nn.Module | None = None) -> npt.NDArray[np.float32]:
        """Returns float32 unit vectors (n, d) by `model` (the encoder, or it under adapters) as it stands now."""
        self.add(texts, role)
        active = model or self.encoder
        active.eval()
        out = np.zeros((len(texts), self.encoder.dimension), dtype=np.float32)
        order = np.argsort(self.lengths(texts, role), kind="stable")
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            states, mask = self.batch([texts[row] for row in rows], role)
            out[rows] = active(states, mask, self.cut).float().numpy()
        return self.encoder.in_role(out, role)

    def _states(self, ids: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        if not self.cut:
            return list(ids)
        stacked, mask = padded(ids)
        states = self.encoder.below(stacked, mask, self.cut)
        return [states[row, : len(found)].half().clone() for row, found in enumerate(ids)]
