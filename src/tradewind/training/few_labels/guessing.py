"""Guesses of a tuned model about unlabelled texts, calibrated on its validation rows, and put behind the examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.data.examples import Examples
from tradewind.errors import ConfigError
from tradewind.settings import UnlabelledSettings
from tradewind.tasks.estimators import Reader
from tradewind.tasks.label_probabilities import LabelProbabilities, label_probabilities, written_label
from tradewind.training.few_labels.pseudo import (
    Guessed,
    calibrated,
    class_thresholds,
    sure_guesses,
    temperature_of,
    unseen_texts,
)
from tradewind.training.supervised.run import FineTuned, outputs_of
from tradewind.training.supervised.task import Rows

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Guesses:
    """What was sure enough, of how many texts, at which temperature."""

    sure: Guessed
    asked: int
    temperature: float


def guess(
    done: FineTuned,
    reader: Reader,
    examples: Examples,
    validated: Numbers,
    unlabelled: tuple[Sequence[str], UnlabelledSettings],
) -> Guesses:
    """Returns the surest guesses about `unlabelled`: texts, and what is asked of them; `validated` are row numbers.

    Raises ConfigError for a task that reads pairs or tokens.
    """
    if done.model.tokenwise:
        raise ConfigError(f"{done.task.name} reads single words: its guesses cannot be learned as labels")
    texts = unseen_texts(unlabelled[0], examples)
    known = [examples.texts[row] for row in validated]
    truth = [written_label(examples.targets[row]) for row in validated]
    both = [*known, *texts]
    outputs = outputs_of(done.model, Rows(done.model.encoder.tokens(both, "passage"), {}))
    found = label_probabilities(reader, outputs, both)
    temperature = temperature_of(_part(found, slice(len(known))), truth)
    found = calibrated(found, temperature)
    thresholds = class_thresholds(_part(found, slice(len(known))), truth, unlabelled[1].confidence)
    sure = sure_guesses(texts, _part(found, slice(len(known), None)), thresholds, unlabelled[1].per_class)
    return Guesses(sure, len(texts), temperature)


def with_guesses(examples: Examples, learned: Numbers, guessed: Guessed) -> tuple[Examples, Numbers]:
    """Returns the examples with the guesses behind them, and the rows to learn from: `learned`, and the guesses."""
    target = {written_label(examples.targets[row]): examples.targets[row] for row in learned}
    kept = [(text, target[label]) for text, label in zip(guessed.texts, guessed.labels, strict=True) if label in target]
    first = len(examples)
    whole = Examples(
        [*examples.texts, *(text for text, _ in kept)],
        [*examples.seconds, *("" for _ in kept)],
        [*examples.targets, *(value for _, value in kept)],
        [*examples.groups, *(text for text, _ in kept)],
    )
    return whole, np.concatenate([learned, np.arange(first, first + len(kept))]).astype(np.int64)


def _part(found: LabelProbabilities, rows: slice) -> LabelProbabilities:
    return LabelProbabilities(found.labels, found.values[rows])
