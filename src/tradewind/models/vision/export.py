"""Writes a picture classifier as the bundle that `runtime/vision.py` serves."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import torch
from torch import nn

from tradewind.errors import ParityError
from tradewind.models.vision.classifier import PictureClassifier
from tradewind.runtime.bundle import MODEL_FILE
from tradewind.runtime.session import open_session
from tradewind.runtime.vision import PIXELS, PictureInput, VisionFacts, write_bundle_facts

LARGEST_DIFFERENCE: Final = 1e-3
_PROBES: Final = 3


class _Served(nn.Module):
    def __init__(self, classifier: PictureClassifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        vectors = self.classifier.vectors(pixels)
        return vectors, self.classifier.head(vectors)


def export_pictures(classifier: PictureClassifier, shape: PictureInput, out: Path) -> Path:
    """Writes the bundle into `out` and returns it. Norms are folded into the convolutions by the exporter.

    Raises ParityError when ONNX Runtime gives other vectors than torch did.
    """
    out.mkdir(parents=True, exist_ok=True)
    served = _Served(classifier).eval()
    probe = torch.randn((_PROBES, 3, shape.size, shape.size), generator=torch.Generator().manual_seed(0))
    with _quiet():
        torch.onnx.export(
            served,
            (probe,),
            str(out / MODEL_FILE),
            input_names=[PIXELS],
            output_names=["vectors", "logits"],
            dynamic_shapes=({0: torch.export.Dim("pictures", min=1)},),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    write_bundle_facts(out, VisionFacts(dimension=int(classifier.head.in_features), input=shape), classifier.labels)
    _require_parity(served, probe, out)
    return out


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter warns of torchvision, which is not needed, and of its own use of what torch is about to drop."""
    log = logging.getLogger("torch.onnx")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        log.setLevel(before)


def _require_parity(served: _Served, probe: torch.Tensor, out: Path) -> None:
    with torch.no_grad():
        wanted = served(probe)
    found = open_session(out / MODEL_FILE, 1).run(["vectors", "logits"], {PIXELS: probe.numpy()})
    apart = max(float((torch.from_numpy(a) - b).abs().max()) for a, b in zip(found, wanted, strict=True))
    if apart > LARGEST_DIFFERENCE:
        raise ParityError(f"the exported picture model is {apart:.2g} away from its original", where=str(out))
