"""The contrastive objective of `match`, and what keeps the tuned encoder near the one it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from tradewind.training.trainer import Objective


@dataclass(frozen=True, slots=True)
class ContrastSettings:
    """`scale`: the inverse temperature. `correction`: the share of log(frequency) taken off a negative's logit.

    `keep`: the weight of 1 − cosine between a vector and the one the untuned encoder gives the same text;
    `keep_translating` stands in its place where Chinese queries are learned too. `translated` weighs their contrast
    against the catalogue, `said` their distance from the vector of what they say in English. With `sizes` the contrast
    is the mean of that of the first so many numbers of the vectors, each brought to length 1 (Kusupati et al.,
    "Matryoshka representation learning", NeurIPS 2022); the pull is on whole vectors.
    """

    scale: float = 30.0
    correction: float = 1.0
    keep: float = 1.0
    translated: float = 1.0
    said: float = 10.0
    keep_translating: float = 20.0
    sizes: tuple[int, ...] = ()


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
        hard: torch.Tensor | None = None,
        hard_mask: torch.Tensor | None = None,
        hard_at: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}. `same` (n, n) marks what is no negative; `kept` (n, d) are untuned passages.

        `told` are queries in another language, `said` (m, d) untuned vectors of what they say, `right` (m, c) the
        passages of the catalogue that hold it. `hard` are further passages, `hard_at` (n, k) which of them each anchor
        should tell apart, negative where there is none.
        """
        asked = self.model(anchors, anchors_mask, self.cut)
        found = self.model(passages, passages_mask, self.cut)
        apart = None if hard is None or hard_at is None else (self.model(hard, hard_mask, self.cut), hard_at)
        loss = self._at_each(
            lambda size: self._contrast(cut(asked, size), cut(found, size), (log_share, same), _cut(apart, size)),
            asked.shape[1],
        )
        drift = _drift(found, kept)
        if words is not None and words_kept is not None:
            drift = drift + _drift(self.model(words, words_mask, self.cut), words_kept)
        if told is None or said is None or right is None:
            return {"loss": loss + self.settings.keep * drift}
        queries = self.model(told, told_mask, self.cut)
        loss = (
            loss
            + self.settings.said * _drift(queries, said)
            + self.settings.translated
            * self._at_each(lambda size: self._found(cut(queries, size), right, size), queries.shape[1])
        )
        return {"loss": loss + self.settings.keep_translating * drift}

    def _at_each(self, loss: Callable[[int], torch.Tensor], width: int) -> torch.Tensor:
        """Returns the mean of `loss` over the sizes, over the whole width alone where none are named."""
        losses = [loss(size) for size in self.settings.sizes or (width,)]
        return losses[0] if len(losses) == 1 else torch.stack(losses).mean()

    def _contrast(
        self,
        asked: torch.Tensor,
        found: torch.Tensor,
        told: tuple[torch.Tensor, torch.Tensor],
        apart: tuple[torch.Tensor, torch.Tensor] | None,
    ) -> torch.Tensor:
        log_share, same = told
        logits = self.settings.scale * asked @ found.T - self.settings.correction * log_share
        logits = logits.masked_fill(same, torch.finfo(logits.dtype).min)
        if apart is not None:
            # Sought and not drawn, a hard negative has no frequency; it counts like the batch's usual passage.
            further = self.settings.scale * torch.einsum("nd,nkd->nk", asked, apart[0][apart[1].clamp(min=0)])
            further = further - self.settings.correction * log_share.mean()
            logits = torch.cat([logits, further.masked_fill(apart[1] < 0, torch.finfo(logits.dtype).min)], dim=1)
        return cross_entropy(logits, torch.arange(len(logits), device=logits.device))

    def _found(self, queries: torch.Tensor, right: torch.Tensor, size: int) -> torch.Tensor:
        """−log of the share that right passages have in the softmax over the whole catalogue, whose vectors stay."""
        known = right.any(dim=1)
        if self.catalogue is None or not bool(known.any()):
            return queries.sum() * 0.0
        logits = self.settings.scale * queries[known] @ cut(self.catalogue, size).T
        held = logits.masked_fill(~right[known], torch.finfo(logits.dtype).min)
        return (logits.logsumexp(dim=1) - held.logsumexp(dim=1)).mean()


def cut(vectors: torch.Tensor, size: int) -> torch.Tensor:
    """Returns the first `size` numbers of unit vectors (n, d), at length 1 again."""
    return vectors if size == vectors.shape[-1] else normalize(vectors[..., :size], dim=-1)


def _cut(apart: tuple[torch.Tensor, torch.Tensor] | None, size: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    return None if apart is None else (cut(apart[0], size), apart[1])


def _drift(now: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    return (1.0 - (now * before).sum(-1)).mean()
