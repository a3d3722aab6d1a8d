"""The static student while it learns: a table of the tokens that the texts hold, and a vector for every role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import normalize

from tradewind.compression.static.token_vectors import Floats
from tradewind.models.bi_encoder import padded
from tradewind.tasks.scoring import Role

_BATCH = 512


class TokenBag(nn.Module):
    """Maps a role and tokens to a unit vector: the mean of the tokens' rows plus the role's.

    `states` (n, 1 + t) hold the number of the role and then the places of the tokens in the table; it is called as
    an encoder is, with a mask and a cut that means nothing here.
    """

    def __init__(self, rows: Floats, roles: Floats) -> None:
        super().__init__()
        self.tokens = nn.EmbeddingBag.from_pretrained(torch.from_numpy(rows.copy()), freeze=False, mode="sum")
        held = torch.from_numpy(roles.copy())
        self.roles: nn.Embedding = nn.Embedding.from_pretrained(held, freeze=False)  # type: ignore[no-untyped-call]

    def forward(self, states: torch.Tensor, mask: torch.Tensor, cut: int = 0) -> torch.Tensor:
        """Returns unit vectors (n, d)."""
        there = mask[:, 1:].to(self.tokens.weight.dtype)
        weights = there / there.sum(dim=1, keepdim=True).clamp(min=1.0)
        return normalize(self.tokens(states[:, 1:], per_sample_weights=weights) + self.roles(states[:, 0]), dim=-1)


class TokenBank:
    """Holds texts as places in the table; `place` (vocabulary,) is that of every token that a text holds."""

    def __init__(
        self, tokens: Mapping[str, Sequence[int]], place: npt.NDArray[np.int64], roles: Sequence[Role]
    ) -> None:
        self._ids = {text: torch.from_numpy(place[np.asarray(ids, np.int64)]) for text, ids in tokens.items()}
        self._roles = {role: torch.tensor([number]) for number, role in enumerate(roles)}

    def lengths(self, texts: Sequence[str], role: Role) -> npt.NDArray[np.int64]:
        """Returns how many tokens each text has."""
        return np.array([len(self._ids[text]) for text in texts], dtype=np.int64)

    def batch(self, texts: Sequence[str], role: Role) -> tuple[torch.Tensor, torch.Tensor]:
        """Returns states (n, 1 + t) padded to the longest, and their mask."""
        return padded([torch.cat([self._roles[role], self._ids[text]]) for text in texts])

    @torch.no_grad()
    def encode(self, texts: Sequence[str], role: Role, model: nn.Module) -> Floats:
        """Returns float32 unit vectors (n, d) by `model` as it stands now."""
        parts = [model(*self.batch(texts[start : start + _BATCH], role)) for start in range(0, len(texts), _BATCH)]
        return np.asarray(torch.cat(parts).numpy(), np.float32)
