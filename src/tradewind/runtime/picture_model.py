"""Runs an exported estimator over pictures, without torch: a bundle of runtime/vision.py with `estimator.json`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tradewind.errors import ArtefactError
from tradewind.runtime.text_model import ESTIMATOR_FILE, read_config
from tradewind.runtime.vision import OnnxVision

if TYPE_CHECKING:
    from PIL.Image import Image


class Shown(Protocol):
    """What can be opened as a picture, when its turn comes."""

    def open(self) -> Image:
        """Returns it upright and in RGB. Raises PictureError when it cannot be read."""


class OnnxPictureModel:
    """An exported estimator over pictures; it may be shared by several threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._vision = OnnxVision(folder, threads)
        if not self._vision.labels:
            raise ArtefactError("this picture model gives vectors only: it was never taught labels", where=str(folder))
        self.config = read_config(folder / ESTIMATOR_FILE)

    def outputs(self, pictures: Sequence[Shown]) -> list[np.ndarray]:
        """Returns float32 (labels,) for each picture, each independent of the others: one is held at a time."""
        return [self._vision.logits([picture.open()])[0] for picture in pictures]
