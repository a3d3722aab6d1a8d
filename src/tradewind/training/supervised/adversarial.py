"""Adversarial training: the loss at the worst place near the states that enter the part of the encoder that moves.

FGM takes one step along the gradient (Miyato, Dai and Goodfellow, "Adversarial training methods for semi-supervised
text classification", ICLR 2017); PGD takes several, each brought back into the ball (Madry et al., "Towards deep
learning models resistant to adversarial attacks", ICLR 2018). States are disturbed and not the word table, so that it
works where the table is frozen too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch

Loss = Callable[[torch.Tensor], torch.Tensor]
"""States (n, t, d) in, scalar loss out."""
PGD_STEPS: Final = 3
_SMALLEST: Final = 1e-12


def worst_loss(loss: Loss, states: torch.Tensor, radius: float, steps: int) -> torch.Tensor:
    """Returns `loss` at states moved by at most `radius` times the norm of each text's states, in `steps` steps."""
    scale = radius * _norm(states.detach())
    moved = torch.zeros_like(states)
    for _ in range(steps):
        at = (states.detach() + moved).requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss(at), at)
        step = gradient / (_norm(gradient) + _SMALLEST) * scale
        moved = _within(moved + (step if steps == 1 else step * (1.5 / steps)), scale).detach()
    return loss(states + moved)


def _norm(states: torch.Tensor) -> torch.Tensor:
    norms: torch.Tensor = torch.linalg.vector_norm(states, dim=(1, 2), keepdim=True)
    return norms


def _within(moved: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    inside: torch.Tensor = moved * torch.clamp(scale / (_norm(moved) + _SMALLEST), max=1.0)
    return inside
