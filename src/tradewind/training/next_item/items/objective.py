"""What the item-level model is trained for: the next item among many that were drawn."""

from __future__ import annotations

import math

import torch
from torch.nn.functional import softplus

from tradewind.models.item_sequence import ItemSequenceModel, PackedRows
from tradewind.training.trainer import Objective

_NEVER = -1e9


class NextItem(Objective):
    """Softmax cross-entropy of the right item against negatives that all questions of a batch share, drawn evenly.

    Many negatives and not one: Klenitskiy and Vasilev, "Turning Dross Into Gold Loss", RecSys 2023. Each stands for
    items/negatives of the catalogue, so that its logit is raised by the log of that: the loss estimates the softmax
    over all items, and is it when all are drawn (Bengio and Senécal, "Adaptive Importance Sampling", 2008).
    """

    def __init__(self, model: ItemSequenceModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        items: torch.Tensor,
        ages: torch.Tensor,
        owner: torch.Tensor,
        asked: torch.Tensor,
        right: torch.Tensor,
        wrong: torch.Tensor,
    ) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}; `ItemBatches` says what the arguments are."""
        needed, place = torch.unique(torch.cat([items.flatten(), right, wrong]), return_inverse=True)
        vectors = self.model.items(needed)
        seen, found, drawn = place.split([items.numel(), len(right), len(wrong)])
        states = self.model(vectors[seen].view(*items.shape, -1), PackedRows(items, ages, owner))
        states = states.flatten(0, 1)[asked]
        compared = self.model.compared(vectors)
        against = states @ compared[drawn].T + math.log(self.model.shape.items / len(wrong))
        question, column = _drawn_too(right, wrong)
        against = against.index_put((question, column), against.new_tensor(_NEVER))
        chosen = (states * compared[found]).sum(-1)
        return {"loss": softplus(torch.logsumexp(against, dim=1) - chosen).mean()}


def _drawn_too(right: torch.Tensor, wrong: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the questions whose right item was drawn as well, and its column among the ascending `wrong`."""
    column = torch.searchsorted(wrong, right).clamp(max=len(wrong) - 1)
    question = torch.nonzero(wrong[column] == right)[:, 0]
    return question, column[question]
