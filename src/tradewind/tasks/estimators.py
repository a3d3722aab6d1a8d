"""The tasks that a shop may learn from a table of its own: how targets are written, and how outputs are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tradewind import plugins
from tradewind.errors import ConfigError

Outputs = npt.NDArray[np.float32]


class Reader(Protocol):
    """Reads a model's outputs for one text as an answer."""

    def read(self, outputs: Outputs, text: str, k: int) -> dict[str, Any]:
        """Returns the answer as JSON values; `outputs` (k,) or (tokens, k), `k` is how many choices are wanted."""


class EstimatorTask(Protocol):
    """One task, without torch: what a server needs of it, and where its training is found.

    `recipe` is "module:Class" of a training.supervised.recipe.Recipe; it is imported when something is learned.
    """

    recipe: str
    pairs: bool
    """Whether an example is two texts."""

    def parse(self, written: str) -> Any:
        """Returns a target's value. Raises ValueError with the reason when it is none."""

    def reader(self, config: Mapping[str, Any]) -> Reader:
        """Returns what reads the outputs of a model that was published with `config`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A label with its probability."""

    label: str
    probability: float

    def as_json(self) -> dict[str, Any]:
        """Returns it for an answer, the probability to six places."""
        return {"label": self.label, "probability": round(self.probability, 6)}


def estimator_task(name: str) -> EstimatorTask:
    """Returns the task registered as `name` under `tradewind.tasks`. Raises ConfigError naming those that are."""
    found: EstimatorTask = plugins.load("tasks", name)()
    return found


def options_of(given: Mapping[str, Any], known: tuple[str, ...], task: str) -> dict[str, Any]:
    """Returns the options. Raises ConfigError for one that the task does not take."""
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(f"{task} has no option {unknown[0]!r}", hint=f"it takes: {', '.join(known) or 'none'}")
    return dict(given)
