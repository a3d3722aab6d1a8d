"""A run that goes on from a published version: what it begins with, what it learns, and what holds it back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from torch import nn

from tradewind.data.examples import Examples
from tradewind.errors import ConfigError, DataError
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel
from tradewind.settings import ContinualSettings, EstimatorSettings
from tradewind.tasks.label_probabilities import written_label
from tradewind.training.continual.anchor import anchored
from tradewind.training.continual.memory import Memory, Names
from tradewind.training.continual.replay import replayed
from tradewind.training.supervised.objective import Penalty
from tradewind.training.supervised.run import RunSettings

Rows = npt.NDArray[np.int64]


@runtime_checkable
class Named(Protocol):
    """A recipe that says what each output stands for, so that those which stay keep what they learned."""

    def output_names(self) -> Sequence[str]:
        """Returns a name for each output."""


def output_names(recipe: Any, outputs: int) -> Names:
    """Returns the names of a recipe's outputs; without names of their own they are the same for one config only."""
    if isinstance(recipe, Named):
        return tuple(recipe.output_names())
    config = json.dumps(recipe.config(), ensure_ascii=False, sort_keys=True, default=str)
    return tuple(f"{number} of {config}" for number in range(outputs))


@dataclass(frozen=True, slots=True)
class GoingOn:
    """The version before, and how much of it is to stay."""

    memory: Memory
    asked: ContinualSettings
    seed: int

    def checkpoint(self, pretrained: Checkpoint) -> Checkpoint:
        """Returns the encoder of the version before."""
        return replace(pretrained, folder=self.memory.folder)

    def taught(self, examples: Examples, learned: Rows) -> Rows:
        """Returns the rows of `learned` that are new, and those that are learned again.

        Raises DataError when nothing is new.
        """
        known = np.array(self.memory.knows(examples))[learned]
        old, new = learned[known], learned[~known]
        if not len(new):
            raise DataError(
                f"version {self.memory.version} has learned all {len(learned)} rows: there is nothing to go on with",
                hint="add rows to the table, or leave continual out to begin anew",
            )
        labels = [written_label(examples.targets[row]) for row in old]
        again = replayed(old, labels, len(new), self.asked.replay, self.seed)
        return np.sort(np.concatenate([new, again])).astype(np.int64)

    def settings(self, given: RunSettings, outputs: Names) -> RunSettings:
        """Returns `given` with the head of the version before, and with what holds the weights where ewc is asked."""
        marks = (*given.marks, self.memory.version, repr(self.asked))
        hold = partial(self._hold, outputs=outputs) if self.asked.ewc else None
        return replace(given, start=partial(self._begin, outputs=outputs), hold=hold, marks=marks)

    def note(self, examples: Examples, learned: Rows) -> str:
        """Returns in words what the run went on from and with."""
        known = np.array(self.memory.knows(examples))
        taught = self.taught(examples, learned)
        gone = len(self.memory.rows) - int(known.sum())
        said = (
            f"went on from version {self.memory.version} with {int((~known[taught]).sum())} new rows and "
            f"{int(known[taught].sum())} of {int(known[learned].sum())} old ones, ewc {self.asked.ewc:g}"
        )
        if not gone:
            return f"{said}."
        return f"{said}; {gone} rows that it knew are no longer in the table and were not learned again."

    def _begin(self, model: TextModel, outputs: Names) -> None:
        self.memory.put_head(model, outputs)

    def _hold(self, model: nn.Module, outputs: Names) -> Penalty:
        return anchored(model, self.memory.importance(outputs), self.asked.ewc).penalty


def going_on(settings: EstimatorSettings, memory: Memory | None, checkpoint: Checkpoint, seed: int) -> GoingOn | None:
    """Returns how the run goes on, None when it begins anew: not asked for, or nothing there to go on from.

    Raises ConfigError when what is there belongs to another task or another encoder.
    """
    if settings.continual is None or memory is None or not memory.has_weights:
        return None
    for ours, theirs, what in (
        (settings.task, memory.task, "task"),
        (checkpoint.sha256, memory.weights, "pretrained encoder"),
    ):
        if ours != theirs:
            raise ConfigError(
                f"version {memory.version} has another {what}: there is no going on from it",
                hint="leave continual out once, to begin anew",
            )
    return GoingOn(memory, settings.continual, seed)
