"""The task `recognise` as a shop names it in `learn.estimators`: a category from a picture."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tradewind.runtime.picture_model import OnnxPictureModel
from tradewind.runtime.pictures import PictureError, open_picture
from tradewind.tasks.category import Category, CategoryReader
from tradewind.tasks.estimators import Reader
from tradewind.tasks.label_tree import label_tree


class Recognise:
    """Targets are written, and answers read, as those of `category`; what is read are pictures."""

    recipe = "tradewind.training.recognise.estimator:learn"
    pairs = False

    def parse(self, written: str) -> tuple[str, ...]:
        """Returns the path of a category. Raises ValueError when a level is empty."""
        return Category().parse(written)

    def look(self, path: Path) -> str:
        """Returns the sha256 of the file. Raises ValueError with the reason when it is no picture that can be read."""
        try:
            open_picture(path)
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except PictureError as error:
            raise ValueError(error.reason) from None
        except OSError:
            raise ValueError("unreadable_file") from None

    def reader(self, config: Mapping[str, Any]) -> Reader:
        """Returns a reader of config["classes"], paths in the order of a model's outputs."""
        classes = [tuple(path) for path in config["classes"]]
        tree = label_tree(classes)
        return _PathReader(CategoryReader(tree, True), tuple(classes.index(path) for path in tree.classes))

    def open(self, folder: Path) -> OnnxPictureModel:
        """Returns what gives a published model's outputs for pictures."""
        return OnnxPictureModel(folder)


@dataclass(frozen=True, slots=True)
class _PathReader:
    """Reads outputs whose classes stand in another order than in the tree: class n of the tree is output `order[n]`."""

    paths: CategoryReader
    order: tuple[int, ...]

    def read(self, outputs: npt.NDArray[np.float32], text: str, k: int) -> dict[str, Any]:
        """Returns the `k` likeliest paths with their probabilities, and those of each level of the likeliest."""
        return self.paths.read(outputs[list(self.order)], text, k)
