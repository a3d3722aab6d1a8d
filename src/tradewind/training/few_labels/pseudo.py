"""Pseudo-labels: a model's surest guesses about unlabelled texts, learned as if people had given them.

Lee, "Pseudo-label: the simple and efficient semi-supervised learning method", ICML workshops 2013. A guess counts by
its calibrated probability (Guo et al., ICML 2017), and each class has a threshold of its own: where validation shows
that a class is named wrongly too often, only surer guesses are taken, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.data.examples import Examples, without_numbers
from tradewind.tasks.label_probabilities import LabelProbabilities
from tradewind.training.ensembles import fit_temperature, log_softmax

PRECISION: Final = 0.95
"""Share of the validation rows above a class's threshold that have to be of the class."""
NEVER: Final = 2.0
Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Guessed:
    """Texts with the label that the model gives each, surest first within a class."""

    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)


def calibrated(found: LabelProbabilities, temperature: float) -> LabelProbabilities:
    """Returns the probabilities at a temperature: above 1 all are less sure."""
    scores = np.log(np.clip(found.values, 1e-6, None)) / temperature
    return LabelProbabilities(found.labels, np.exp(log_softmax(np.asarray(scores, np.float32))))


def temperature_of(found: LabelProbabilities, truth: Sequence[str]) -> float:
    """Returns the temperature at which the labels of validation, `truth` (n,), are likeliest."""
    column = {label: number for number, label in enumerate(found.labels)}
    known = [row for row, label in enumerate(truth) if label in column]
    scores = np.asarray(np.log(np.clip(found.values[known], 1e-6, None)), np.float32)
    return fit_temperature(scores, np.array([column[truth[row]] for row in known], np.int64)) if known else 1.0


def class_thresholds(found: LabelProbabilities, truth: Sequence[str], lowest: float) -> Floats:
    """Returns a threshold for each label (k,), `lowest` or more: the smallest at which PRECISION of the validation
    rows that are named so are rightly named; NEVER where there is none."""
    named = found.values.argmax(axis=1)
    right = np.array([found.labels[named[row]] == label for row, label in enumerate(truth)])
    surest = found.values.max(axis=1)
    return np.array([_threshold(surest[named == n], right[named == n], lowest) for n in range(len(found.labels))])


def _threshold(surest: Floats, right: npt.NDArray[np.bool_], lowest: float) -> float:
    order = np.argsort(-surest, kind="stable")
    precise = np.flatnonzero(np.cumsum(right[order]) >= PRECISION * np.arange(1, len(order) + 1))
    if not len(order) or len(precise) == len(order):
        return lowest
    return max(lowest, float(surest[order[precise[-1]]])) if len(precise) else NEVER


def sure_guesses(texts: Sequence[str], found: LabelProbabilities, thresholds: Floats, per_class: int) -> Guessed:
    """Returns the texts whose likeliest label passes its threshold, at most `per_class` of each label."""
    taken = Guessed()
    named, surest = found.values.argmax(axis=1), found.values.max(axis=1)
    for number, label in enumerate(found.labels):
        rows = np.flatnonzero((named == number) & (surest >= thresholds[number]))
        first = rows[np.argsort(-surest[rows], kind="stable")][:per_class]
        taken.texts.extend(texts[row] for row in first)
        taken.labels.extend([label] * len(first))
    return taken


def unseen_texts(texts: Sequence[str], examples: Examples) -> list[str]:
    """Returns the texts that are no example, nor differ from one in numbers alone: no row that is validated or tested
    comes in by this door."""
    held = {without_numbers(text) for text in examples.texts}
    return [text for text in texts if without_numbers(text) not in held]
