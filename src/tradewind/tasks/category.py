"""The task `category` as a shop names it in `learn.estimators`: a path of categories from a text, flat or in a tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tradewind.data.records import CATEGORY_SEPARATOR
from tradewind.tasks.estimators import Choice
from tradewind.tasks.label_tree import LabelTree, class_log_probabilities, label_tree

SEPARATORS = (CATEGORY_SEPARATOR, " > ", ">", "|")


class Category:
    """Targets are paths whose levels are parted by `>` or `|`; a single word is a path of one level."""

    recipe = "tradewind.training.recipes.category:CategoryRecipe"
    pairs = False

    def parse(self, written: str) -> tuple[str, ...]:
        """Returns the path. Raises ValueError when a level is empty."""
        separator = next((sign for sign in SEPARATORS if sign in written), None)
        path = tuple(level.strip() for level in (written.split(separator) if separator else [written]))
        if not all(path):
            raise ValueError("empty_level")
        return path

    def reader(self, config: Mapping[str, Any]) -> CategoryReader:
        """Returns a reader of config["classes"], flat or not."""
        return CategoryReader(label_tree([tuple(path) for path in config["classes"]]), bool(config["flat"]))


@dataclass(frozen=True, slots=True)
class CategoryReader:
    """Reads scores of classes, or of the nodes of their tree."""

    tree: LabelTree
    flat: bool

    def read(self, outputs: npt.NDArray[np.float32], text: str, k: int) -> dict[str, Any]:
        """Returns the `k` likeliest paths with their probabilities, and those of each level of the likeliest."""
        probabilities = np.exp(self._log_probabilities(outputs))
        best = np.argsort(-probabilities, kind="stable")[:k]
        named = self.tree.classes[int(best[0])]
        choices = [Choice(" > ".join(self.tree.classes[int(n)]), float(probabilities[n])).as_json() for n in best]
        levels = [self._level(probabilities, named[: depth + 1]) for depth in range(len(named))]
        return {"path": list(named), "labels": choices, "levels": levels}

    def _level(self, probabilities: npt.NDArray[np.float32], node: tuple[str, ...]) -> dict[str, Any]:
        below = [number for number, path in enumerate(self.tree.classes) if path[: len(node)] == node]
        return Choice(node[-1], float(probabilities[below].sum())).as_json()

    def _log_probabilities(self, outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if not self.flat:
            return np.asarray(class_log_probabilities(self.tree, outputs[None])[0], np.float32)
        shifted = outputs - outputs.max()
        return np.asarray(shifted - np.log(np.exp(shifted).sum()), np.float32)
