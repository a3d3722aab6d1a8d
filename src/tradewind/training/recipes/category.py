"""Learns paths of categories, beside the commonest path and a linear model on character n-grams."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tradewind.data.examples import Examples
from tradewind.errors import ConfigError, DataError
from tradewind.tasks.category import Category
from tradewind.tasks.classify import LabelledTexts
from tradewind.tasks.estimators import options_of
from tradewind.tasks.label_tree import LabelTree, label_tree
from tradewind.training.category import Categorised, CategoryTask, category_figures
from tradewind.training.classify_baselines import character_ngrams, commonest
from tradewind.training.supervised.recipe import Rows


class CategoryRecipe:
    """Options: `flat`, `smoothing` (0 to 1), and `descriptions` of labels in words. The classes are those learned."""

    exact: ClassVar = {"smoothing": 0.0}
    """Options under which the loss is the negative log-likelihood and nothing else, for explanations."""

    def __init__(self, examples: Examples, options: Mapping[str, Any]) -> None:
        chosen = options_of(options, ("flat", "smoothing", "descriptions"), "category")
        self._texts = np.array(examples.texts, dtype=object)
        self._paths: list[tuple[str, ...]] = examples.targets
        self._flat, self._smoothing = bool(chosen.get("flat", False)), float(chosen.get("smoothing", 0.05))
        self._said = _descriptions(chosen.get("descriptions") or {}, set(self._paths))
        self._tree: LabelTree | None = None

    def task(self, learned: Rows) -> CategoryTask:
        """Returns the task over the paths of `learned`."""
        self._tree = label_tree([self._paths[row] for row in learned])
        return CategoryTask(self._tree, flat=self._flat, smoothing=self._smoothing)

    def take(self, rows: Rows) -> Categorised:
        """Returns the rows whose path is learned."""
        number = self._numbers()
        kept = [row for row in rows if self._paths[row] in number]
        return Categorised(
            tuple(self._texts[row] for row in kept), np.array([number[self._paths[row]] for row in kept], np.int64)
        )

    def baselines(self, learned: Rows, tested: Rows, seed: int) -> dict[str, dict[str, float]]:
        """Returns the commonest path and character n-grams."""
        train, test = self._labelled(learned), self.take(tested)
        found = {"commonest": commonest(train, test.texts)}
        found["character n-grams"] = character_ngrams(train, test.texts, seed)
        return {name: category_figures(self._known(), self._one_hot(labels), test) for name, labels in found.items()}

    def descriptions(self) -> Sequence[str]:
        """Returns what the shop says of each class, a class's own words where it says nothing; none without any."""
        return [self._said.get(path, " ".join(path)) for path in self._known().classes] if self._said else []

    def at_outputs(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Returns the classes' vectors, in a tree for each node the mean of those of the classes below it."""
        tree = self._known()
        if self._flat:
            return vectors
        below = np.zeros((len(tree.nodes), len(tree.classes)), np.float32)
        for number, (line, steps) in enumerate(zip(tree.lineage, tree.steps, strict=True)):
            below[line[steps], number] = 1.0
        return np.asarray(below @ vectors / below.sum(axis=1, keepdims=True), np.float32)

    def scored(self, rows: Rows, score: Callable[[Sequence[str]], npt.NDArray[np.float32]]) -> dict[str, float]:
        """Returns the figures on `rows` when `score` gives texts their (n, classes)."""
        examples = self.take(rows)
        return category_figures(self._known(), score(examples.texts), examples)

    def output_names(self) -> Sequence[str]:
        """Returns the path that each output stands for: of a class, in a tree of a node."""
        tree = self._known()
        return [" > ".join(path) for path in (tree.classes if self._flat else tree.nodes)]

    def config(self) -> dict[str, Any]:
        """Returns the classes and whether they are read flat."""
        return {"classes": [list(path) for path in self._known().classes], "flat": self._flat}

    def notes(self, learned: Rows, tested: Rows) -> Sequence[str]:
        """Names the paths with one example, and those of the test that training never saw."""
        paths = [self._paths[row] for row in learned]
        single = sorted({path for path in paths if paths.count(path) == 1})
        unseen = sorted({self._paths[row] for row in tested} - set(paths))
        said = [(single, "have a single example"), (unseen, "were never learned, and their rows are not tested")]
        return [
            f"{len(found)} categories {what}: {', '.join(' > '.join(path) for path in found[:5])}"
            for found, what in said
            if found
        ]

    def _known(self) -> LabelTree:
        if self._tree is None:
            raise DataError("the classes are not known before rows to learn from are chosen")
        return self._tree

    def _numbers(self) -> dict[tuple[str, ...], int]:
        return {path: number for number, path in enumerate(self._known().classes)}

    def _labelled(self, rows: Rows) -> LabelledTexts:
        labels = tuple(str(self._numbers()[self._paths[row]]) for row in rows)
        return LabelledTexts(tuple(self._texts[row] for row in rows), labels, labels)

    def _one_hot(self, labels: Sequence[str]) -> npt.NDArray[np.float32]:
        scores = np.zeros((len(labels), len(self._known().classes)), np.float32)
        scores[np.arange(len(labels)), [int(label) for label in labels]] = 1.0
        return scores


def _descriptions(given: Any, known: set[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    if not isinstance(given, Mapping):
        raise ConfigError(
            "descriptions is a list of labels with a text each", hint="descriptions: {Tea: leaves to brew}"
        )
    found: dict[tuple[str, ...], str] = {}
    for label, text in given.items():
        try:
            path = Category().parse(str(label))
        except ValueError:
            path = (str(label),)
        if path not in known:
            raise ConfigError(f"descriptions names {label!r}, which no example has", hint="write it as the table does")
        if not isinstance(text, str) or not text.strip():
            raise ConfigError(f"the description of {label!r} is no text")
        found[path] = text
    return found
