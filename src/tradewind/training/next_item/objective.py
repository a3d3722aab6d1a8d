"""What the sequence model is trained for: each item of the next basket against sampled items."""

from __future__ import annotations

import torch
from torch.nn.functional import softplus

from tradewind.models.sequence import ItemSide, SequenceModel, pool
from tradewind.training.trainer import Objective


class NextBasket(Objective):
    """Softmax over one positive and many sampled negatives, corrected for how often a negative is drawn.

    Many negatives and not one: Klenitskiy and Vasilev, "Turning Dross Into Gold Loss", RecSys 2023. An item of the same
    basket is no negative. A basket of n items weighs √n: large baskets say more, but not n times as much.
    """

    def __init__(self, model: SequenceModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        text: torch.Tensor,
        slot: torch.Tensor,
        log_share: torch.Tensor,
        lines: torch.Tensor,
        place: torch.Tensor,
        times: torch.Tensor,
        days: torch.Tensor,
        positives: torch.Tensor,
        asked_at: torch.Tensor,
        negatives: torch.Tensor,
        log_drawn: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}; `WindowBatches` says what the arguments are."""
        side: ItemSide = self.model.items(text, slot, log_share)
        pooled = pool(side, lines, place, days.numel()).view(*days.shape, -1)
        states = self.model(pooled, times, days).flatten(0, 1)
        asked, question = torch.unique(asked_at, return_inverse=True)
        states = states[asked].float()
        wrong = states @ side.vectors[negatives].float().T + side.bias[negatives] - log_drawn
        wrong = wrong.masked_fill(_bought(question, positives, negatives, wrong.shape), -1e9)
        right = (states[question] * side.vectors[positives].float()).sum(-1) + side.bias[positives]
        loss = softplus(torch.logsumexp(wrong, dim=1)[question] - right)
        weight = torch.bincount(question).float().rsqrt()[question]
        return {"loss": (loss * weight).sum() / weight.sum()}


def _bought(
    question: torch.Tensor, positives: torch.Tensor, negatives: torch.Tensor, shape: torch.Size
) -> torch.Tensor:
    """Returns bool (questions, negatives): the negative is in that very basket."""
    known = int(max(positives.max(), negatives.max())) + 1
    column = torch.full((known,), -1, dtype=torch.long, device=positives.device)
    column[negatives] = torch.arange(len(negatives), device=positives.device)
    found = column[positives]
    hit = found >= 0
    mask = torch.zeros(shape, dtype=torch.bool, device=positives.device)
    mask[question[hit], found[hit]] = True
    return mask
