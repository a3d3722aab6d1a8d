"""Holds a new estimator against the version before, on the tested rows which that one knew already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tradewind.data.examples import Examples
from tradewind.data.group_rows import group_rows
from tradewind.engine.estimators import MOST_TEXTS, open_estimator
from tradewind.evaluation.forgetting import Forgetting, forgetting
from tradewind.evaluation.slices import parts_of
from tradewind.settings import Shop

if TYPE_CHECKING:
    from tradewind.training.continual.memory import Memory

Named = Callable[[Sequence[str]], list[str]]
"""Texts in, the label that is named first for each out."""


def forgotten(shop: Shop, name: str, memory: Memory, tested: tuple[Examples, list[str]], after: Named) -> Forgetting:
    """Returns what `after`, the new version, forgot of what the one that answers now knew.

    `tested` are all examples and their labels as they are written; only those are asked about that no run learned from
    and that are in the shop's table now.
    """
    examples, labels = tested
    seed = shop.settings.learn.seed
    rows = group_rows(examples.groups, seed)
    known = memory.knows(examples)
    old = [int(row) for row in rows.tested if known[row]]
    texts, truth = [examples.texts[row] for row in old], [labels[row] for row in old]
    learned = Counter(labels[row] for row in rows.learned)
    right = _right(_before(shop, name), texts, truth), _right(after, texts, truth)
    fewest = shop.settings.learn.estimators[name].gate.slice_rows
    return forgetting(memory.version, right, parts_of(texts, truth, learned), seed=seed, fewest=fewest)


def _before(shop: Shop, name: str) -> Named:
    estimator = open_estimator(shop, name)

    def named(texts: Sequence[str]) -> list[str]:
        parts = [texts[start : start + MOST_TEXTS] for start in range(0, len(texts), MOST_TEXTS)]
        return [str(found["labels"][0]["label"]) for part in parts for found in estimator.predict(part)]

    return named


def _right(named: Named, texts: Sequence[str], truth: Sequence[str]) -> npt.NDArray[np.float64]:
    if not texts:
        return np.zeros(0)
    return np.array([float(one == other) for one, other in zip(named(texts), truth, strict=True)])
