"""A task that is also learned from the outputs of other models, so that one model answers as several would.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015, with the outputs themselves compared
(Ba and Caruana, "Do deep nets really need to be deep?", NeurIPS 2014): it fits any task whose outputs are numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import mse_loss

from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import BiEncoder
from tradewind.training.supervised.task import Rows, TextTask

Outputs = Sequence[npt.NDArray[np.float32]]
SHARE: Final = 0.5
"""What part of the loss is the distance from the teacher's outputs; the rest is the task's own."""
_TEACHER: Final = "teacher"


class Distilled:
    """`task` with the outputs of a teacher, which gives (k,) an example, as a further target."""

    tokenwise = False

    def __init__(self, task: TextTask, teacher: Callable[[Any], Outputs]) -> None:
        if task.tokenwise:
            raise ConfigError(
                f"a vote of several runs cannot be taught to {task.name}, which reads single words",
                hint="set techniques.combine: greedy",
            )
        self.name, self.outputs = task.name, task.outputs
        self._task, self._teacher = task, teacher

    def rows(self, examples: Any, encoder: BiEncoder) -> Rows:
        """Returns the task's rows, and what the teacher says of each."""
        found = self._task.rows(examples, encoder)
        if not len(found):
            return found
        return replace(found, targets={**found.targets, _TEACHER: np.stack(self._teacher(examples))})

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Returns the task's loss and the mean squared distance from the teacher's outputs, weighed by SHARE."""
        own = {name: target for name, target in targets.items() if name != _TEACHER}
        return (1 - SHARE) * self._task.loss(outputs, own) + SHARE * mse_loss(outputs, targets[_TEACHER])

    def divergence(
        self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Returns the task's own."""
        return self._task.divergence(first, second, {name: targets[name] for name in targets if name != _TEACHER})

    def figures(self, outputs: Outputs, examples: Any) -> dict[str, float]:
        """Returns the task's own."""
        return self._task.figures(outputs, examples)
