"""A linear classifier on top of a bi-encoder, and its form on disk: weights as safetensors, labels as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tradewind.errors import ModelError
from tradewind.models.bi_encoder import BiEncoder
from tradewind.models.text_model import TextModel, save_text_head
from tradewind.runtime.bundle import HEAD_FILE, LABELS_FILE


class TextClassifier(TextModel):
    """A model of texts whose outputs are logits (n, classes) of `labels`."""

    def __init__(self, encoder: BiEncoder, labels: Sequence[str], dropout: float = 0.0) -> None:
        super().__init__(encoder, len(labels), dropout=dropout)
        self.labels = tuple(labels)


def save_head(classifier: TextClassifier, out: Path) -> None:
    """Writes W (classes, d), b (classes,) for logits = W·v + b, and the labels in the order of the classes."""
    save_text_head(classifier, out)
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
