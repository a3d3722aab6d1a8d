"""The probability of every label for many texts, of any task whose answers hold `labels`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import ConfigError
from tradewind.tasks.estimators import Choice, Outputs, Reader

MOST_LABELS: Final = 1000
"""Labels of one text that are looked at, the likeliest first."""


@dataclass(frozen=True, slots=True)
class LabelProbabilities:
    """`values` float32 (n, labels): the probability of each of `labels`, 0 where an answer did not list it."""

    labels: tuple[str, ...]
    values: npt.NDArray[np.float32]

    def best(self, row: int, count: int) -> tuple[Choice, ...]:
        """Returns the `count` likeliest labels of a row."""
        order = np.argsort(-self.values[row], kind="stable")[:count]
        return tuple(Choice(self.labels[int(n)], float(self.values[row, n])) for n in order)


def label_probabilities(reader: Reader, outputs: Sequence[Outputs], texts: Sequence[str]) -> LabelProbabilities:
    """Returns what `reader` says of each output. Raises ConfigError when the task's answers hold no labels."""
    answers = [reader.read(output, text, MOST_LABELS) for output, text in zip(outputs, texts, strict=True)]
    if any("labels" not in answer for answer in answers):
        raise ConfigError("this task's answers are no labels to choose among", hint="category and rating have labels")
    labels = sorted({choice["label"] for answer in answers for choice in answer["labels"]})
    column = {label: place for place, label in enumerate(labels)}
    values = np.zeros((len(answers), len(labels)), np.float32)
    for row, answer in enumerate(answers):
        for choice in answer["labels"]:
            values[row, column[choice["label"]]] = choice["probability"]
    return LabelProbabilities(tuple(labels), values)


def written_label(target: Any) -> str:
    """Returns a target as it is written in a table: the levels of a path parted by ` > `."""
    return " > ".join(target) if isinstance(target, tuple) else str(target)
