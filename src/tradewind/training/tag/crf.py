"""A linear-chain conditional random field: a score for each label at each unit, and for each pair of neighbours.

Lafferty, McCallum and Pereira, "Conditional random fields", ICML 2001.
"""

from __future__ import annotations

import torch
from torch import nn

from tradewind.tasks.tag.decoding import allowed_transitions


class LinearChain(nn.Module):
    """The transitions of a chain of `labels`: (labels + 1, labels), the last row for a text's beginning.

    Those that would spell no entity stay forbidden.
    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.learned = nn.Parameter(torch.zeros(labels + 1, labels))
        self.forbidden: torch.Tensor
        self.register_buffer("forbidden", torch.from_numpy(allowed_transitions(labels)).float())

    @property
    def transitions(self) -> torch.Tensor:
        """What is learned and what is forbidden, together."""
        return self.learned + self.forbidden

    def forward(self, scores: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Returns the mean over texts of −log p(labels), a scalar, for scores (n, t, k), labels and mask (n, t).

        Every text has at least one unit, and where the mask is false labels are any valid number.
        """
        return (self._all(scores, mask) - self._one(scores, labels, mask)).mean()

    def _one(self, scores: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        moves = self.transitions
        found = scores.gather(2, labels.unsqueeze(2)).squeeze(2)
        steps = torch.cat([moves[-1][labels[:, :1]], moves[labels[:, :-1], labels[:, 1:]]], dim=1)
        return ((found + steps) * mask).sum(1)

    def _all(self, scores: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.logsumexp(self._forward(scores, mask)[-1], dim=1)

    def _forward(self, scores: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        moves = self.transitions
        sums = [scores[:, 0] + moves[-1]]
        for place in range(1, scores.shape[1]):
            following = torch.logsumexp(sums[-1].unsqueeze(2) + moves[:-1], dim=1) + scores[:, place]
            sums.append(torch.where(mask[:, place, None], following, sums[-1]))
        return sums

    @torch.no_grad()
    def marginals(self, scores: torch.Tensor) -> torch.Tensor:
        """Returns log p of each label at each unit of one text, (t, k), over all sequences of the others."""
        moves = self.transitions
        whole = torch.ones(1, len(scores), dtype=torch.bool)
        ahead = torch.stack([step[0] for step in self._forward(scores.unsqueeze(0), whole)])
        behind = [torch.zeros_like(scores[0])]
        for place in range(len(scores) - 1, 0, -1):
            behind.append(torch.logsumexp(moves[:-1] + scores[place] + behind[-1], dim=1))
        return torch.log_softmax(ahead + torch.stack(behind[::-1]), dim=1)
