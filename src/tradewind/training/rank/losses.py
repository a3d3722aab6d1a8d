"""Losses over scores of candidates and their grades, (n,) each; `groups` (n,) says which query a row is of."""

from __future__ import annotations

import torch
from torch.nn.functional import log_softmax, mse_loss, softplus

_MOST = 1 << 20
"""No grade is as high."""
_FAR = -1e4
"""Added to a score that is not of the query, so that a softmax gives it nothing."""


def regression(scores: torch.Tensor, grades: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Returns the mean squared error of scores taken as grades."""
    return mse_loss(scores, grades.to(scores.dtype))


def pairwise(scores: torch.Tensor, grades: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Returns the mean of −log σ(s_i − s_j) over pairs of one query where i has the higher grade; 0 without pairs.

    RankNet: Burges et al., "Learning to rank using gradient descent", ICML 2005, equation 3 with certain targets.
    """
    better = (groups[:, None] == groups[None, :]) & (grades[:, None] > grades[None, :])
    lost = softplus(scores[None, :] - scores[:, None])[better]
    return lost.mean() if lost.numel() else scores.sum() * 0.0


def listwise(scores: torch.Tensor, grades: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Returns the cross-entropy between softmax(grades) and softmax(scores), mean over the queries.

    ListNet with top-one probabilities: Cao et al., "Learning to rank: from pairwise approach to listwise approach",
    ICML 2007, equation 4. A query whose grades are all alike asks for no order and counts for nothing.
    """
    mine = groups[None, :] == torch.unique(groups)[:, None]
    low, high = (torch.where(mine, grades, other) for other in (_MOST, -_MOST))
    mine = mine[low.amin(dim=1) < high.amax(dim=1)]
    if not len(mine):
        return scores.sum() * 0.0
    wanted = torch.softmax(torch.where(mine, grades.to(scores.dtype), _FAR), dim=1)
    given = log_softmax(torch.where(mine, scores, _FAR), dim=1)
    return -(wanted * given).masked_fill(~mine, 0.0).sum(dim=1).mean()
