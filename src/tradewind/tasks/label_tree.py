"""A tree of categories as arrays: which nodes are siblings, and which nodes a leaf's path runs through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError

Path = tuple[str, ...]
Numbers = npt.NDArray[np.int64]
STAY = ""


@dataclass(frozen=True, slots=True)
class LabelTree:
    """The classes, each a path from the top. Nodes are all prefixes of the paths, numbered in sorted order.

    A class that has others below it gets a node more, STAY: to go no further down is a choice among them.

    `siblings` (nodes,) numbers the group of nodes that share a parent; `lineage` (classes, depth) holds the nodes of
    each class's path, padded in front with its top node's number repeated and marked by `steps` (classes, depth).
    """

    classes: tuple[Path, ...]
    nodes: tuple[Path, ...]
    siblings: Numbers
    lineage: Numbers
    steps: npt.NDArray[np.bool_]

    @property
    def depth(self) -> int:
        """The number of steps of the longest way down."""
        return int(self.lineage.shape[1])

    def at_level(self, level: int) -> tuple[Path, ...]:
        """Returns for each class its path down to `level` (1 is the top), or its whole path where that is shorter."""
        return tuple(path[:level] for path in self.classes)


def label_tree(paths: Sequence[Path]) -> LabelTree:
    """Returns the tree of the distinct `paths`. Raises DataError for an empty path, or for fewer than two classes."""
    classes = tuple(sorted(set(paths)))
    if len(classes) < 2:
        raise DataError("a category needs two classes or more to tell apart", hint="look at the column of categories")
    if any(not path or not all(path) for path in classes):
        raise DataError("a category path has an empty level", hint="leave rows without a category out, or name them")
    inner = {path[:level] for path in classes for level in range(1, len(path))}
    ways = [(*path, STAY) if path in inner else path for path in classes]
    nodes = tuple(sorted({path[:level] for path in ways for level in range(1, len(path) + 1)}))
    number = {node: place for place, node in enumerate(nodes)}
    groups = {parent: place for place, parent in enumerate(sorted({node[:-1] for node in nodes}))}
    depth = max(len(path) for path in ways)
    lineage = np.empty((len(classes), depth), dtype=np.int64)
    steps = np.zeros((len(classes), depth), dtype=bool)
    for row, path in enumerate(ways):
        line = [number[path[:level]] for level in range(1, len(path) + 1)]
        lineage[row] = [line[0]] * (depth - len(line)) + line
        steps[row, depth - len(line) :] = True
    return LabelTree(classes, nodes, np.array([groups[node[:-1]] for node in nodes], np.int64), lineage, steps)


def class_log_probabilities(tree: LabelTree, outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Returns log p (n, classes) from node scores (n, nodes): the product down the path of each node's softmax among
    its siblings, so that a child is never more probable than its parent."""
    order = np.argsort(tree.siblings, kind="stable")
    starts = np.flatnonzero(np.diff(tree.siblings[order], prepend=-1))
    highest = np.maximum.reduceat(outputs[:, order], starts, axis=1)
    shifted = outputs - highest[:, tree.siblings]
    sums = np.add.reduceat(np.exp(shifted[:, order]), starts, axis=1)
    nodes = shifted - np.log(sums)[:, tree.siblings]
    found: npt.NDArray[np.float32] = (nodes[:, tree.lineage] * tree.steps).sum(axis=2)
    return found
