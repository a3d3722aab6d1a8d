"""What a student is trained for: the teacher's vector of every text, and the teacher's order of passages."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import kl_div

from tradewind.training.distil.settings import DistilSettings
from tradewind.training.trainer import Objective


class Distillation(Objective):
    """`near` · (1 − cosine to the teacher's vector) + `alike` · KL(teacher's scores ‖ student's), a mean over texts.

    On unit vectors 1 − cosine is half the squared distance of Reimers and Gurevych, "Making Monolingual Sentence
    Embeddings Multilingual using Knowledge Distillation" (EMNLP 2020), eq. 1. Scores are softmaxes over `passages`
    (m, d), which stay where the teacher put them (Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural
    Network", 2015, section 2): cosines of one catalogue lie close together, and it is their order that a search shows.
    """

    divisible = True
    passages: torch.Tensor

    def __init__(self, model: nn.Module, cut: int, settings: DistilSettings, passages: torch.Tensor) -> None:
        super().__init__()
        self.model = model
        self.cut = cut
        self.settings = settings
        self.register_buffer("passages", passages, persistent=False)

    def forward(self, states: torch.Tensor, mask: torch.Tensor, wanted: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar} for texts (n, t) and the teacher's vectors of them, `wanted` (n, d)."""
        found = self.model(states, mask, self.cut)
        loss = self.settings.near * (1.0 - (found * wanted).sum(-1)).mean()
        if self.settings.alike and len(self.passages):
            loss = loss + self.settings.alike * self._divergence(found, wanted)
        return {"loss": loss}

    def _divergence(self, found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        ours, theirs = (
            (self.settings.scale * vectors @ self.passages.T).log_softmax(dim=-1) for vectors in (found, wanted)
        )
        return kl_div(ours, theirs, log_target=True, reduction="batchmean")
