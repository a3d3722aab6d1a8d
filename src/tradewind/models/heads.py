"""A linear classifier on top of a bi-encoder, and its form on disk: weights as safetensors, labels as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from torch import nn

from tradewind.errors import ModelError
from tradewind.models.bi_encoder import BiEncoder

HEAD_FILE: Final = "head.safetensors"
LABELS_FILE: Final = "labels.json"


class TextClassifier(nn.Module):
    """Logits (n, classes) = W·(v − centre)·spread + b over unit vectors v (n, d) of the encoder.

    Centring and spreading undo the narrow cone that pretrained vectors lie in, without which a linear layer learns
    slowly; they are fixed, and folded into W and b when the head is saved.
    """

    def __init__(self, encoder: BiEncoder, labels: Sequence[str], dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = encoder
        self.labels = tuple(labels)
        self.head = nn.Linear(encoder.dimension, len(self.labels))
        self.dropout = nn.Dropout(dropout)
        self.centre: torch.Tensor
        self.spread: torch.Tensor
        self.register_buffer("centre", torch.zeros(encoder.dimension))
        self.register_buffer("spread", torch.ones(()))
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def fit_cone(self, vectors: npt.NDArray[np.float32]) -> None:
        """Takes centre and spread from `vectors` (n, d), so that what the head reads has a mean square of 1."""
        centre = torch.from_numpy(vectors.mean(axis=0))
        deviation = float(np.sqrt(np.mean((vectors - vectors.mean(axis=0)) ** 2)))
        self.centre.copy_(centre)
        self.spread.fill_(1.0 / max(deviation, 1e-6))

    def forward(self, states: torch.Tensor, mask: torch.Tensor, cut: int = 0) -> torch.Tensor:
        """Returns logits; `states` as the encoder takes them."""
        return self.classify(self.encoder(states, mask, cut))

    def classify(self, vectors: torch.Tensor) -> torch.Tensor:
        """Returns logits for unit vectors (n, d)."""
        logits: torch.Tensor = self.head(self.dropout((vectors - self.centre) * self.spread))
        return logits


def save_head(classifier: TextClassifier, out: Path) -> None:
    """Writes W (classes, d), b (classes,) for logits = W·v + b, and the labels in the order of the classes."""
    weight = classifier.head.weight.detach() * classifier.spread
    bias = classifier.head.bias.detach() - weight @ classifier.centre
    save_file({"weight": weight.numpy(), "bias": bias.numpy()}, out / HEAD_FILE)
    (out / LABELS_FILE).write_text(json.dumps(list(classifier.labels), ensure_ascii=False), encoding="utf-8")


def load_head(folder: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], tuple[str, ...]]:
    """Returns W, b and the labels. Raises ModelError when they are missing or do not fit one another."""
    try:
        tensors = load_file(folder / HEAD_FILE)
        labels = tuple(json.loads((folder / LABELS_FILE).read_text(encoding="utf-8")))
        weight, bias = tensors["weight"], tensors["bias"]
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(f"not a classifier's head: {error}", where=str(folder)) from None
    if weight.shape[0] != len(labels) or bias.shape != (len(labels),):
        raise ModelError(f"a head of {weight.shape[0]} classes with {len(labels)} labels", where=str(folder))
    return weight, bias, labels
