"""The task `classify`: what kind of thing a text names, its label not in it, on kinds that were never learned.

Labels are a level of the category path or an attribute. The split is by group: the next level down of the category
(a product type below its category) or, without one, the title without its numbers. So a model is measured on kinds of
products that it has not seen under any name, which is what a new product line is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tradewind.data.group_rows import share_of
from tradewind.data.mapping import item_text
from tradewind.data.records import CATEGORY_SEPARATOR, Item
from tradewind.errors import DataError
from tradewind.tasks.match import kind_of

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LabelledTexts:
    """Distinct texts with their label and the group that is split as one."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Rows) -> LabelledTexts:
        """Returns those rows, in their order."""
        return LabelledTexts(*(tuple(column[row] for row in rows) for column in (self.texts, self.labels, self.groups)))


@dataclass(frozen=True, slots=True)
class GroupSplit:
    """Three sets without a group in common; every label of the later two occurs in `train`."""

    train: LabelledTexts
    validation: LabelledTexts
    test: LabelledTexts

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes to learn, sorted."""
        return tuple(sorted(set(self.train.labels)))


def labelled_texts(items: pa.Table, label: str) -> LabelledTexts:
    """Returns one row per distinct text of the items that have the label.

    `label` is an attribute's name or `category`: then it is the lowest level of the path whose classes hold, on
    average, two kinds of products or more, so that an unseen kind can be tested, and are
    not mostly named in the title. Raises DataError when there are fewer than two classes.
    """
    rows = items.select(["id", "title", "category", "attributes"]).to_pylist()
    paths = [tuple(part for part in (row["category"] or "").split(CATEGORY_SEPARATOR) if part) for row in rows]
    kinds = [kind_of(None, row["title"]) for row in rows]
    level = _level_of_classes(paths, kinds)
    found: dict[str, tuple[str, str]] = {}
    for row, path, kind in zip(rows, paths, kinds, strict=True):
        attributes = json.loads(row["attributes"] or "{}")
        by_path = path[level] if len(path) > level else ""
        wanted = by_path if label == "category" else str(attributes.get(label) or "")
        below = path[level + 1] if label == "category" and len(path) > level + 1 else kind
        if wanted:
            found.setdefault(_text_without(row, attributes, {label}, path), (wanted, f"{wanted} / {below}".lower()))
    labels, groups = (tuple(pair[place] for pair in found.values()) for place in (0, 1))
    if len(set(labels)) < 2:
        raise DataError(f"{label} has fewer than two classes", hint="set learn.label to category or an attribute")
    return LabelledTexts(tuple(found), labels, groups)


def group_split(found: LabelledTexts, *, test: float = 0.2, validation: float = 0.1, seed: int = 13) -> GroupSplit:
    """Returns the texts split by their group's hash; of every label the group with the highest hash is always learned.

    The same group falls on the same side in every run with the same `seed`, whatever else is in the catalogue.
    Raises DataError when nothing is left to test.
    """
    share = {group: share_of(group, seed) for group in set(found.groups)}
    highest: dict[str, float] = {}
    for label, group in zip(found.labels, found.groups, strict=True):
        highest[label] = max(highest.get(label, 0.0), share[group])
    free = sorted({share[g] for label, g in zip(found.labels, found.groups, strict=True) if share[g] < highest[label]})
    if len(free) < 2:
        raise DataError("nearly every class has a single kind of product: nothing unseen is left to test classify on")
    # A small catalogue may have no hash that low: then the lowest two groups are held out.
    first = min(max(sum(value < test for value in free), 1), len(free) - 1)
    second = max(sum(value < test + validation for value in free), first + 1)
    tested, validated = set(free[:first]), set(free[first:second])
    side = np.array([0 if share[g] in tested else 1 if share[g] in validated else 2 for g in found.groups])
    test_rows, validation_rows, train_rows = (np.flatnonzero(side == number).astype(np.int64) for number in range(3))
    return GroupSplit(found.take(train_rows), found.take(validation_rows), found.take(test_rows))


def balanced(found: LabelledTexts, count: int, seed: int) -> LabelledTexts:
    """Returns at most `count` rows, taking from every group in turn so that no large one crowds the others out."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(found))
    seen: Counter[str] = Counter()
    turn = np.empty(len(found), dtype=np.int64)
    for row in order:
        turn[row] = seen[found.groups[row]]
        seen[found.groups[row]] += 1
    kept = order[np.argsort(turn[order], kind="stable")][:count]
    return found.take(np.sort(kept).astype(np.int64))


def _level_of_classes(paths: Sequence[tuple[str, ...]], kinds: Sequence[str]) -> int:
    deepest = max((len(path) for path in paths), default=0)
    for level in range(deepest - 1, 0, -1):
        named = {
            (path[level], path[level + 1] if len(path) > level + 1 else kind)
            for path, kind in zip(paths, kinds, strict=True)
            if len(path) > level
        }
        told = sum(label.lower() in kind.lower() for label, kind in named)
        if len(named) >= 2 * len({label for label, _ in named}) and told * 2 < len(named):
            return level
    return 0


def _text_without(row: dict[str, object], attributes: dict[str, str], labels: set[str], path: tuple[str, ...]) -> str:
    """Returns title and attributes but for the label and any level of the path: an item's text before it is filed."""
    filed = {level.lower() for level in path}
    told = {name: value for name, value in attributes.items() if name not in labels and value.lower() not in filed}
    bare = Item(id=str(row["id"]), title=str(row["title"]), brand=None, attributes=told)
    return item_text(bare, "{title}. {attributes}" if told else "{title}")
