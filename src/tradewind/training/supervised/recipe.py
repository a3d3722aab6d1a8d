"""How a task of `tradewind.tasks` is learned from a table: its examples, its model's task, and what it has to beat."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tradewind.data.examples import Examples
from tradewind.tasks.estimators import EstimatorTask
from tradewind.training.supervised.task import TextTask

Rows = npt.NDArray[np.int64]


class Recipe(Protocol):
    """Made once with all examples and the shop's options; `take` gives any rows of them in the task's own form."""

    def __init__(self, examples: Examples, options: Mapping[str, Any]) -> None: ...

    def task(self, learned: Rows) -> TextTask:
        """Returns the task for the rows that are learned from. Raises DataError when they teach nothing."""

    def take(self, rows: Rows) -> Any:
        """Returns those rows as the task's examples."""

    def baselines(self, learned: Rows, tested: Rows, seed: int) -> dict[str, dict[str, float]]:
        """Returns the figures on `tested` of what the task has to beat, by name; the strongest one last."""

    def config(self) -> dict[str, Any]:
        """Returns what the task's reader needs."""

    def notes(self, learned: Rows, tested: Rows) -> Sequence[str]:
        """Returns what is worth knowing about the examples: classes too rare to learn, texts all alike."""


def recipe_of(task: EstimatorTask) -> type[Recipe]:
    """Returns the class that `task.recipe` names."""
    module, _, name = task.recipe.partition(":")
    found: type[Recipe] = getattr(importlib.import_module(module), name)
    return found
