"""A picture classifier: a backbone, its unit vectors, and a linear head over them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import normalize

from tradewind.errors import ModelError
from tradewind.models.vision.pretrained import Backbone, load_backbone, save_backbone
from tradewind.runtime.bundle import HEAD_FILE, LABELS_FILE

BATCH: Final = 16


class PictureClassifier(nn.Module):
    """Logits = W·v + b over the unit vector v of a picture. A frozen norm keeps the statistics it was pretrained with:
    a shop's few pictures would only spoil them."""

    def __init__(self, backbone: Backbone, labels: Sequence[str], dropout: float = 0.0) -> None:
        super().__init__()
        self.backbone = cast(nn.Module, backbone)
        self.labels = tuple(labels)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(backbone.dimension, len(self.labels))

    def train(self, mode: bool = True) -> PictureClassifier:
        """Sets the mode of everything but the norms, which stay as they are."""
        super().train(mode)
        for module in self.backbone.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def vectors(self, states: torch.Tensor, cut: int = 0) -> torch.Tensor:
        """Returns unit vectors (n, d) of what the backbone's `below` gave for `cut`; of pixels for 0."""
        return normalize(cast(Backbone, self.backbone).above(states, cut), dim=-1)

    def forward(self, states: torch.Tensor, cut: int = 0) -> torch.Tensor:
        """Returns logits (n, labels)."""
        logits: torch.Tensor = self.head(self.dropout(self.vectors(states, cut)))
        return logits

    def set_head(self, weight: npt.NDArray[np.floating], bias: npt.NDArray[np.floating]) -> None:
        """Starts the head from W (labels, d) and b (labels,), as a linear probe found them."""
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(np.asarray(weight, np.float32)))
            self.head.bias.copy_(torch.from_numpy(np.asarray(bias, np.float32)))


def save_classifier(classifier: PictureClassifier, folder: Path) -> Path:
    """Writes backbone, head and labels into `folder`, and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    save_backbone(classifier.backbone, folder)
    head = {"weight": classifier.head.weight.detach(), "bias": classifier.head.bias.detach()}
    save_file({name: tensor.contiguous() for name, tensor in head.items()}, folder / HEAD_FILE)
    (folder / LABELS_FILE).write_text(json.dumps(list(classifier.labels), ensure_ascii=False), encoding="utf-8")
    return folder


def load_classifier(folder: Path) -> PictureClassifier:
    """Returns what `save_classifier` wrote of an EfficientNet-Lite0. Raises ModelError when parts do not fit."""
    backbone = load_backbone(folder)
    try:
        labels = tuple(json.loads((folder / LABELS_FILE).read_text(encoding="utf-8")))
        head = load_file(folder / HEAD_FILE)
        classifier = PictureClassifier(backbone, labels)
        classifier.head.load_state_dict(head)
    except (OSError, ValueError, SafetensorError, RuntimeError) as error:
        raise ModelError(f"not a picture classifier: {error}", where=str(folder)) from None
    return classifier.eval()
