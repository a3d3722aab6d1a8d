"""A tuned encoder and a linear tagger as one run: its outputs are those that will be served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.entities import entity_counts
from tradewind.models.pretrained import Checkpoint
from tradewind.tasks.tag.entities import TaggedText
from tradewind.tasks.tag.linear import LinearTagger
from tradewind.tasks.tag.mixture import Scores, decoded, fit_weight, mixed
from tradewind.tasks.tag.units import units_of
from tradewind.training.supervised.run import FineTuned, outputs_of
from tradewind.training.tag.task import TagTask

Texts = Sequence[TaggedText]


@dataclass(slots=True)
class UnitTask(TagTask):
    """The task `tag` where outputs are log p (units, labels) already."""

    def unit_scores(self, output: npt.NDArray[np.floating], text: str) -> Scores:
        """Returns them as they are."""
        return np.asarray(output, np.float64)


@dataclass(frozen=True, slots=True)
class MixedTagger(FineTuned):
    """The encoder's run with the linear half; `weight` is the encoder's share."""

    encoder_task: TagTask
    linear: LinearTagger
    weight: float

    def outputs(self, examples: Any) -> list[Any]:
        """Returns log p (units, labels) of both halves together."""
        both = zip(_encoder_scores(self, self.encoder_task, examples), examples, strict=True)
        return [mixed(scores, self.linear.log_probabilities(one.text), self.weight) for scores, one in both]

    def save(self, checkpoint: Checkpoint, folder: Path) -> Path:
        """Writes both halves and returns the folder."""
        FineTuned.save(self, checkpoint, folder)
        self.linear.save(folder)
        return folder

    def encoder_alone(self, examples: Texts) -> dict[str, float]:
        """Returns the figures of the encoder half."""
        scores = _encoder_scores(self, self.encoder_task, examples)
        kinds = self.encoder_task.kinds
        found = [decoded(one, units_of(text.text), kinds) for one, text in zip(scores, examples, strict=True)]
        counts = entity_counts([text.entities for text in examples], found)
        return {"entity F1": counts.f1, "precision": counts.precision, "recall": counts.recall}


def mixed_tagger(done: FineTuned, linear: LinearTagger, validated: Texts) -> MixedTagger:
    """Returns the two halves at the weight under which most entities of `validated` are right."""
    task = done.task
    if not isinstance(task, TagTask):
        raise TypeError(f"{task.name} tags nothing")
    encoder = _encoder_scores(done, task, validated)
    other = [linear.log_probabilities(text.text) for text in validated]
    weight = fit_weight(validated, encoder, other, task.kinds)
    run = {one.name: getattr(done, one.name) for one in fields(FineTuned)}
    return MixedTagger(**run | {"task": UnitTask(task.kinds)}, encoder_task=task, linear=linear, weight=weight)


def _encoder_scores(done: FineTuned, task: TagTask, examples: Texts) -> list[Scores]:
    outputs = outputs_of(done.model, task.rows(examples, done.model.encoder))
    return [task.unit_scores(output, text.text) for output, text in zip(outputs, examples, strict=True)]
