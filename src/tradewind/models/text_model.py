"""An encoder with one linear layer of a task on it, over whole texts or over each token, and its form on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import nn

from tradewind.errors import ModelError
from tradewind.models.bi_encoder import BiEncoder
from tradewind.runtime.bundle import HEAD_FILE


class TextModel(nn.Module):
    """Outputs = W·((v − centre)·spread) + b, (n, k) over unit vectors v (n, d) or (n, t, k) over tokens' states.

    Centring and spreading undo the narrow cone that pretrained vectors lie in, without which a linear layer learns
    slowly; they are fixed, and folded into W and b when the head is saved.
    """

    def __init__(self, encoder: BiEncoder, outputs: int, *, tokenwise: bool = False, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.tokenwise = tokenwise
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.dimension, outputs)
        self.centre: torch.Tensor
        self.spread: torch.Tensor
        self.register_buffer("centre", torch.zeros(encoder.dimension))
        self.register_buffer("spread", torch.ones(()))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def fit_cone(self, features: npt.NDArray[np.float32]) -> None:
        """Takes centre and spread from `features` (n, d), so that what the head reads has a mean square of 1."""
        centre = features.mean(axis=0)
        deviation = float(np.sqrt(np.mean((features - centre) ** 2)))
        self.centre.copy_(torch.from_numpy(centre))
        self.spread.fill_(1.0 / max(deviation, 1e-6))

    def features(self, states: torch.Tensor, mask: torch.Tensor, cut: int = 0) -> torch.Tensor:
        """Returns what the head reads: unit vectors (n, d), or with `tokenwise` states (n, t, d)."""
        return self.encoder.hidden(states, mask, cut) if self.tokenwise else self.encoder(states, mask, cut)

    def forward(self, states: torch.Tensor, mask: torch.Tensor, cut: int = 0) -> torch.Tensor:
        """Returns the outputs; `states` as the encoder takes them."""
        return self.read(self.features(states, mask, cut))

    def read(self, features: torch.Tensor) -> torch.Tensor:
        """Returns the outputs for what `features` gave."""
        outputs: torch.Tensor = self.head(self.dropout((features - self.centre) * self.spread))
        return outputs


def save_text_head(model: TextModel, out: Path) -> None:
    """Writes W (k, d) and b (k,) for outputs = W·v + b into `out`."""
    weight = (model.head.weight.detach() * model.spread).cpu()
    bias = model.head.bias.detach().cpu() - weight @ model.centre.cpu()
    save_file({"weight": weight.numpy(), "bias": bias.numpy()}, out / HEAD_FILE)


def load_text_head(folder: Path, model: TextModel) -> None:
    """Puts what `save_text_head` wrote into `model`. Raises ModelError when it is missing or of another shape."""
    try:
        found = load_file(folder / HEAD_FILE)
        weight, bias = found["weight"], found["bias"]
    except (OSError, KeyError, SafetensorError) as error:
        raise ModelError(f"not a head: {error}", where=str(folder)) from None
    if weight.shape != tuple(model.head.weight.shape) or bias.shape != tuple(model.head.bias.shape):
        raise ModelError(
            f"a head of shape {weight.shape} does not fit a model of {tuple(model.head.weight.shape)}",
            where=str(folder),
            hint="it belongs to another task or to another encoder",
        )
    with torch.no_grad():
        model.head.weight.copy_(torch.from_numpy(weight))
        model.head.bias.copy_(torch.from_numpy(bias))
    model.centre.zero_()
    model.spread.fill_(1.0)
