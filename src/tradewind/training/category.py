"""The task `classify` over any table of texts and category paths, flat or down the tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from tradewind.evaluation.classification import macro_f1
from tradewind.models.bi_encoder import BiEncoder
from tradewind.tasks.label_tree import LabelTree, class_log_probabilities
from tradewind.training.supervised.task import Rows


@dataclass(frozen=True, slots=True)
class Categorised:
    """Texts and the class of each, a number in its tree."""

    texts: tuple[str, ...]
    classes: npt.NDArray[np.int64]


class CategoryTask:
    """Names a text's class. Flat: one softmax over the classes. In a tree: a softmax among siblings at each level, and
    a class is as probable as the product down its path (Redmon and Farhadi, "YOLO9000", CVPR 2017, section 4).

    `smoothing` moves that share of a label's weight evenly to all choices of a softmax.
    """

    tokenwise = False

    def __init__(self, tree: LabelTree, *, flat: bool = False, smoothing: float = 0.05, role: str = "passage") -> None:
        self.name = "classify"
        self.tree, self.flat = tree, flat
        self.outputs = len(tree.classes) if flat else len(tree.nodes)
        self._smoothing, self._role = smoothing, role
        self._siblings = torch.from_numpy(tree.siblings)
        self._group_sizes = torch.from_numpy(np.bincount(tree.siblings)).float()
        self._lineage, self._steps = torch.from_numpy(tree.lineage), torch.from_numpy(tree.steps)

    def rows(self, examples: Categorised, encoder: BiEncoder) -> Rows:
        """Returns the texts as passages and their class numbers."""
        return Rows(encoder.tokens(examples.texts, self._role), {"label": examples.classes})

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Returns the mean cross-entropy, in a tree summed down the path."""
        label = targets["label"]
        if self.flat:
            return cross_entropy(outputs, label, label_smoothing=self._smoothing)
        nodes = self._node_log_probabilities(outputs)
        lineage, steps = self._lineage.to(label.device)[label], self._steps.to(label.device)[label]
        hit = (nodes.gather(1, lineage) * steps).sum(1)
        if not self._smoothing:
            return -hit.mean()
        return -((1 - self._smoothing) * hit + self._smoothing * self._even(nodes, lineage, steps)).mean()

    def divergence(
        self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Returns the symmetric Kullback–Leibler divergence, in a tree summed over the groups of siblings."""
        one, two = (
            log_softmax(side, -1) if self.flat else self._node_log_probabilities(side) for side in (first, second)
        )
        both = kl_div(one, two, reduction="sum", log_target=True) + kl_div(two, one, reduction="sum", log_target=True)
        return both / (2 * len(first))

    def log_probabilities(self, outputs: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """Returns log p (n, classes)."""
        stacked = np.stack(outputs)
        if self.flat:
            return log_softmax(torch.from_numpy(stacked), -1).numpy()
        return class_log_probabilities(self.tree, stacked)

    def figures(self, outputs: Sequence[npt.NDArray[np.float32]], examples: Categorised) -> dict[str, float]:
        """Returns what `category_figures` does."""
        return category_figures(self.tree, self.log_probabilities(outputs), examples)

    def _node_log_probabilities(self, outputs: torch.Tensor) -> torch.Tensor:
        groups = self._siblings.to(outputs.device).expand(len(outputs), -1)
        start = outputs.new_full((len(outputs), len(self._group_sizes)), -torch.inf)
        highest = start.scatter_reduce(1, groups, outputs.detach(), "amax")
        shifted = outputs - highest.gather(1, groups)
        sums = torch.zeros_like(start).scatter_add(1, groups, shifted.exp())
        return shifted - sums.log().gather(1, groups)

    def _even(self, nodes: torch.Tensor, lineage: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        """Returns the mean log p among the siblings at each step of the path, summed down the path."""
        siblings, sizes = self._siblings.to(nodes.device), self._group_sizes.to(nodes.device)
        sums = nodes.new_zeros(len(nodes), len(sizes)).scatter_add(1, siblings.expand(len(nodes), -1), nodes)
        return ((sums / sizes).gather(1, siblings[lineage]) * steps).sum(1)


def category_figures(
    tree: LabelTree, log_probabilities: npt.NDArray[np.float32], examples: Categorised
) -> dict[str, float]:
    """Returns accuracy and macro-F1 of the class, and the accuracy of each level above it, of the class named."""
    named = log_probabilities.argmax(axis=1)
    figures = {"accuracy": float(np.mean(named == examples.classes))}
    figures["macro-F1"] = macro_f1([str(n) for n in examples.classes], [str(n) for n in named])
    for level in range(1, tree.depth):
        cut = tree.at_level(level)
        right = [cut[one] == cut[other] for one, other in zip(named, examples.classes, strict=True)]
        figures[f"accuracy at level {level}"] = float(np.mean(right))
    return figures


def rare_classes(examples: Categorised, tree: LabelTree, fewest: int = 2) -> list[tuple[tuple[str, ...], int]]:
    """Returns the classes with fewer than `fewest` examples and how many they have, fewest first: too few to learn."""
    counts = Counter(examples.classes.tolist())
    rare = [(path, counts.get(number, 0)) for number, path in enumerate(tree.classes)]
    return sorted(((path, count) for path, count in rare if count < fewest), key=lambda pair: (pair[1], pair[0]))
