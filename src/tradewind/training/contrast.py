"""The contrastive objective of `match`, and what keeps the tuned encoder near the one it came from."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tradewind.training.trainer import Objective


@dataclass(frozen=True, slots=True)
class ContrastSettings:
    """`scale`: the inverse temperature. `correction`: the share of log(frequency) taken off a negative's logit.

    `keep`: the weight of 1 − cosine between a vector and the one the untuned encoder gives the same text;
    `keep_translating` stands in its place where Chinese queries are learned too. `translated` weighs their contrast
    against the catalogue, `said` their distance from the vector of what they say in English.
    """

    scale: float = 30.0
    correction: float = 1.0
    keep: float = 1.0
    translated: float = 1.0
    said: float = 10.0
    keep_translating: float = 20.0


class Contrast(Objective):
    """InfoNCE over the passages of the batch (van den Oord et al., 2018), plus a pull towards the untuned vectors.

    A passage met often in the batches is met often as a negative, and would be pushed down for its popularity: with
    `correction` c its logit loses c · log(its share of the draws) (Bengio and Senécal, 2008; Yi et al., RecSys 2019).
    """

    def __init__(
        self, model: nn.Module, cut: int, settings: ContrastSettings, catalogue: torch.Tensor | None = None
    ) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.model = model
        self.cut = cut
        self.settings = settings

    def forward(
        self,
        anchors: torch.Tensor,
        anchors_mask: torch.Tensor,
        passages: torch.Tensor,
        passages_mask: torch.Tensor,
        log_share: torch.Tensor,
        same: torch.Tensor,
        kept: torch.Tensor,
        words: torch.Tensor | None = None,
        words_mask: torch.Tensor | None = None,
        words_kept: torch.Tensor | None = None,
        told: torch.Tensor | None = None,
        told_mask: torch.Tensor | None = None,
        said: torch.Tensor | None = None,
        right: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}. `same` (n, n) marks what is no negative; `kept` (n, d) are untuned passages.

        `told` are queries in another language, `said` (m, d) untuned vectors of what they say, `right` (m, c) the
        passages of the catalogue that hold it.
        """
        asked = self.model(anchors, anchors_mask, self.cut)
        found = self.model(passages, passages_mask, self.cut)
        logits = self.settings.scale * asked @ found.T - self.settings.correction * log_share
        logits = logits.masked_fill(same, torch.finfo(logits.dtype).min)
        loss = cross_entropy(logits, torch.arange(len(logits), device=logits.device))
        drift = _drift(found, kept)
        if words is not None and words_kept is not None:
            drift = drift + _drift(self.model(words, words_mask, self.cut), words_kept)
        if told is None or said is None or right is None:
            return {"loss": loss + self.settings.keep * drift}
        queries = self.model(told, told_mask, self.cut)
        loss = (
            loss + self.settings.said * _drift(queries, said) + self.settings.translated * self._found(queries, right)
        )
        return {"loss": loss + self.settings.keep_translating * drift}

    def _found(self, queries: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """−log of the share that right passages have in the softmax over the whole catalogue, whose vectors stay."""
        known = right.any(dim=1)
        if self.catalogue is None or not bool(known.any()):
            return queries.sum() * 0.0
        logits = self.settings.scale * queries[known] @ self.catalogue.T
        held = logits.masked_fill(~right[known], torch.finfo(logits.dtype).min)
        return (logits.logsumexp(dim=1) - held.logsumexp(dim=1)).mean()


def _drift(now: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    return (1.0 - (now * before).sum(-1)).mean()
