"""The tasks that a shop may learn from a table of its own: how targets are written, and how outputs are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from tradewind import plugins
from tradewind.errors import ConfigError
from tradewind.runtime.pair_model import OnnxPairModel
from tradewind.runtime.text_model import ESTIMATOR_FILE, OnnxTextModel, read_config

Outputs = npt.NDArray[np.float32]


class Reader(Protocol):
    """Reads a model's outputs for one text as an answer."""

    def read(self, outputs: Outputs, text: str, k: int) -> dict[str, Any]:
        """Returns the answer as JSON values; `outputs` (k,) or (tokens, k), `k` is how many choices are wanted."""


class Model(Protocol):
    """A published estimator's model: texts, or pairs of them, in, outputs for the task's reader out."""

    config: dict[str, Any]

    def outputs(self, texts: Sequence[Any], /) -> list[Any]:
        """Returns the outputs for each input, each independent of the others."""


class EstimatorTask(Protocol):
    """One task, without torch: what a server needs of it, and where its training is found.

    A task may also have `labels` = False where its answers are not one label of several; `open(folder)`, which returns
    the Model of a bundle that is no plain one; and `fit`, `unfit` and `empty` as data.examples.Fitting has them.
    `recipe` is "module:Class" of a training.supervised.recipe.Recipe; it is imported when something is learned.

    One that reads pictures is ReadsPictures too, and its recipe is "module:function", a
    training.recognise.estimator.Learn.
    """

    recipe: str
    pairs: bool
    """Whether an example is two texts."""

    def parse(self, written: str) -> Any:
        """Returns a target's value. Raises ValueError with the reason when it is none."""

    def reader(self, config: Mapping[str, Any]) -> Reader:
        """Returns what reads the outputs of a model that was published with `config`."""


@runtime_checkable
class ReadsPictures(Protocol):
    """What a task that reads pictures has beside the rest."""

    def look(self, path: Path) -> str:
        """Returns a hash of a picture's bytes. Raises ValueError with the reason when it cannot be read."""


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


def open_model(folder: Path) -> tuple[Model, Reader]:
    """Returns the model of the bundle in `folder` and what reads its outputs. Raises ArtefactError, ConfigError."""
    config = read_config(folder / ESTIMATOR_FILE)
    task = estimator_task(str(config["task"]))
    opening = getattr(task, "open", OnnxPairModel if task.pairs else OnnxTextModel)
    model: Model = opening(folder)
    return model, task.reader(model.config)


def has_labels(task: EstimatorTask) -> bool:
    """Returns whether answers are one label of several, about a single text."""
    return bool(getattr(task, "labels", True)) and not task.pairs and not takes_pictures(task)


def takes_pictures(task: EstimatorTask) -> bool:
    """Returns whether what it reads are pictures, not texts."""
    return isinstance(task, ReadsPictures)


def options_of(given: Mapping[str, Any], known: tuple[str, ...], task: str) -> dict[str, Any]:
    """Returns the options. Raises ConfigError for one that the task does not take."""
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(f"{task} has no option {unknown[0]!r}", hint=f"it takes: {', '.join(known) or 'none'}")
    return dict(given)
