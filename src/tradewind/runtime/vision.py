"""Reads pictures with an exported model, without torch: unit vectors, and categories where it has a head.

The bundle is a folder of

    model.onnx       `pixels` float32 (n, 3, size, size) in; `vectors` (n, dimension) of length 1 and `logits`
                     (n, labels) out
    vision.json      VisionFacts: how a picture becomes pixels
    labels.json      the labels' names in the order of the logits; an empty list for a model without a head
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tradewind.errors import ArtefactError
from tradewind.runtime.bundle import LABELS_FILE, MODEL_FILE
from tradewind.runtime.session import open_session

if TYPE_CHECKING:
    from PIL.Image import Image

VISION_FILE: Final = "vision.json"
PIXELS: Final = "pixels"
BATCH: Final = 16

Fit = Literal["squash", "crop", "pad"]
Vectors = npt.NDArray[np.float32]


class PictureInput(BaseModel):
    """How a picture becomes the pixels that a model reads: `size` squared, (value − mean) / spread a channel.

    `squash` scales both sides to `size`, `crop` cuts the middle out after scaling the short side to size / 0.875,
    `pad` scales the long side and fills with white.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: int = Field(224, ge=8, le=1024)
    fit: Fit = "squash"
    mean: tuple[float, float, float] = (127.0, 127.0, 127.0)
    spread: tuple[float, float, float] = (128.0, 128.0, 128.0)


class VisionFacts(BaseModel):
    """What a bundle says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dimension: int = Field(ge=1)
    input: PictureInput


class OnnxVision:
    """An exported picture model; it may be shared by several threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self.facts = _facts(folder / VISION_FILE)
        self.labels = _labels(folder / LABELS_FILE)
        self._session = open_session(folder / MODEL_FILE, threads)

    @property
    def dimension(self) -> int:
        """The width of the vectors."""
        return self.facts.dimension

    def encode(self, pictures: Iterable[Image]) -> Vectors:
        """Returns float32 (pictures, dimension) of length 1, of upright RGB images as `open_picture` gives them."""
        return self._run(pictures)[0]

    def logits(self, pictures: Iterable[Image]) -> Vectors:
        """Returns float32 (pictures, labels)."""
        return self._run(pictures)[1]

    def predict(self, pictures: Iterable[Image], k: int = 1) -> list[list[tuple[str, float]]]:
        """Returns for each picture its `k` likeliest labels with their probabilities, best first.

        Raises ArtefactError when the model has no labels.
        """
        if not self.labels:
            raise ArtefactError("this picture model gives vectors only: it was never taught labels")
        likely = softmax(self._run(pictures)[1])
        order = np.argsort(-likely, axis=1, kind="stable")[:, :k]
        return [[(self.labels[n], float(row[n])) for n in best] for row, best in zip(likely, order, strict=True)]

    def _run(self, pictures: Iterable[Image]) -> tuple[Vectors, Vectors]:
        waiting = iter(pictures)
        vectors, logits = [np.empty((0, self.dimension), np.float32)], [np.empty((0, len(self.labels)), np.float32)]
        while batch := list(islice(waiting, BATCH)):
            pixels = np.stack([to_pixels(picture, self.facts.input) for picture in batch])
            found = self._session.run(["vectors", "logits"], {PIXELS: pixels})
            vectors.append(found[0])
            logits.append(found[1][:, : len(self.labels)])
        return np.concatenate(vectors), np.concatenate(logits)


def to_pixels(picture: Image, shape: PictureInput) -> Vectors:
    """Returns float32 (3, size, size): the picture fitted, scaled and with its channels first."""
    fitted = np.asarray(fitted_to(picture, shape.size, shape.fit), np.float32)
    scaled = (fitted - np.asarray(shape.mean, np.float32)) / np.asarray(shape.spread, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32)


def fitted_to(picture: Image, size: int, fit: Fit) -> Image:
    """Returns `picture` as size × size pixels."""
    from PIL import Image, ImageOps

    bicubic = Image.Resampling.BICUBIC
    if fit == "squash":
        return picture.resize((size, size), bicubic)
    if fit == "pad":
        return ImageOps.pad(picture, (size, size), bicubic, color=(255, 255, 255))
    edge = min(picture.size) * 0.875
    left, top = (picture.width - edge) / 2, (picture.height - edge) / 2
    return picture.resize((size, size), bicubic, box=(left, top, left + edge, top + edge))


def softmax(logits: Vectors) -> Vectors:
    """Returns the probabilities of `logits` (n, labels), each row summing to 1."""
    likelihood = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Vectors = likelihood / likelihood.sum(axis=1, keepdims=True)
    return probabilities


def write_bundle_facts(folder: Path, facts: VisionFacts, labels: Sequence[str]) -> None:
    """Writes what belongs beside model.onnx into the bundle `folder`."""
    (folder / VISION_FILE).write_text(facts.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (folder / LABELS_FILE).write_text(json.dumps(list(labels), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def _facts(path: Path) -> VisionFacts:
    try:
        return VisionFacts.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ArtefactError(f"not a picture model: {error.strerror}", where=str(path)) from None
    except ValidationError as error:
        raise ArtefactError(f"not understood: {error.errors()[0]['msg']}", where=str(path)) from None


def _labels(path: Path) -> tuple[str, ...]:
    try:
        labels: Any = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtefactError(f"not a list of labels: {error}", where=str(path)) from None
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ArtefactError("not a list of labels", where=str(path))
    return tuple(labels)
