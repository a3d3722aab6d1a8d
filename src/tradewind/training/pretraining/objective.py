"""The loss of foretelling hidden tokens, with a head tied to the encoder's word table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, gelu

from tradewind.models.bi_encoder import BiEncoder
from tradewind.training.batches import by_length
from tradewind.training.plan import Plan
from tradewind.training.pretraining.masking import Masking, Words, hidden
from tradewind.training.supervised.task import IGNORED
from tradewind.training.trainer import Objective


class MaskedWords(nn.Module):
    """An encoder and the usual head of a masked language model: a layer, GELU, a norm, the word table turned around.

    A checkpoint of vectors has no such head, so it is new: its layer starts as the identity, its bias as the
    logarithm of how often each token occurs. Only hidden tokens are scored: a vocabulary is wide.
    """

    def __init__(self, encoder: BiEncoder, counts: np.ndarray) -> None:
        super().__init__()
        self.encoder = encoder
        table: torch.Tensor = encoder.model.get_input_embeddings().weight  # type: ignore[operator]
        self.head = nn.Linear(encoder.dimension, table.shape[1])
        nn.init.eye_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.norm = nn.LayerNorm(table.shape[1])
        # Families write word vectors of any length: without this a layer in a space of its own learns slowly or wildly.
        self.scale = 1.0 / float(table.detach().norm(dim=1).mean())
        self.often = nn.Parameter(torch.from_numpy(np.log((counts + 0.1) / (counts + 0.1).sum())).float())

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Returns the logits (m, vocabulary) of the m tokens of `ids` (n, t) whose target is not IGNORED."""
        states = self.encoder.hidden(ids, mask)[targets != IGNORED]
        table: torch.Tensor = self.encoder.model.get_input_embeddings().weight  # type: ignore[operator]
        scores: torch.Tensor = self.norm(gelu(self.head(states))) @ table.T * self.scale
        return scores + self.often


class Foretelling(Objective):
    """The mean negative log-likelihood of the hidden tokens of a batch."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, targets: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}."""
        return {"loss": cross_entropy(self.model(ids, mask, targets), targets[targets != IGNORED])}


class MaskedBatches:
    """The batches of a run, of like length; what is hidden is drawn anew for every batch, the same for a seed."""

    def __init__(self, texts: Sequence[Words], masking: Masking, plan: Plan) -> None:
        self._texts = texts
        self._masking = masking
        self._seed = plan.seed
        lengths = np.array([len(text.ids) for text in texts], np.int64)
        self._rows = by_length(lengths, count=plan.batches, size=plan.batch_size, seed=plan.seed)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        return masked_batch([self._texts[row] for row in self._rows[place]], self._masking, (self._seed, place))


def masked_batch(texts: Sequence[Words], masking: Masking, seed: tuple[int, int]) -> dict[str, torch.Tensor]:
    """Returns ids, mask and targets, (n, t) each, padded to the longest."""
    random = np.random.default_rng(seed)
    longest = max(len(text.ids) for text in texts)
    ids = np.zeros((len(texts), longest), np.int64)
    targets = np.full((len(texts), longest), IGNORED, np.int64)
    mask = np.zeros((len(texts), longest), bool)
    for row, text in enumerate(texts):
        here = slice(0, len(text.ids))
        ids[row, here], targets[row, here] = hidden(text, masking, random)
        mask[row, here] = True
    return {"ids": torch.from_numpy(ids), "mask": torch.from_numpy(mask), "targets": torch.from_numpy(targets)}


@torch.no_grad()
def log_likelihood(model: nn.Module, batches: Sequence[dict[str, torch.Tensor]]) -> float:
    """Returns the mean log-likelihood of the hidden tokens; exp of its negative is the perplexity."""
    model.eval()
    told, count = 0.0, 0
    for batch in batches:
        targets = batch["targets"][batch["targets"] != IGNORED]
        told -= float(cross_entropy(model(**batch), targets, reduction="sum"))
        count += len(targets)
    return told / max(1, count)
