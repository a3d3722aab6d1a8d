"""Few labels: the encoder first learns to bring texts of one class together, and a head learns on what came out.

Tunstall et al., "Efficient few-shot learning without prompts" (SetFit), 2022. In place of its pairs every batch is
compared whole: supervised contrastive learning (Khosla et al., NeurIPS 2020), which is the same idea with more pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import init
from torch.nn.functional import normalize

from tradewind.data.examples import Examples
from tradewind.models.bi_encoder import BiEncoder, save_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel
from tradewind.tasks.label_probabilities import written_label
from tradewind.telemetry import Progress
from tradewind.training.plan import Plan
from tradewind.training.supervised.run import RunSettings, fine_tune
from tradewind.training.supervised.task import Rows

TEMPERATURE: Final = 0.1
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Alike:
    """Texts and the number of each one's class (n,)."""

    texts: tuple[str, ...]
    classes: Numbers


def alike(examples: Examples, rows: Numbers) -> Alike:
    """Returns those rows with equal targets as one class."""
    labels = [written_label(examples.targets[row]) for row in rows]
    number = {label: place for place, label in enumerate(sorted(set(labels)))}
    return Alike(tuple(examples.texts[row] for row in rows), np.array([number[label] for label in labels], np.int64))


class ContrastTask:
    """Outputs are a projection of the vector, as wide as it is; texts of one class should point one way."""

    name = "contrast"
    tokenwise = False

    def __init__(self, dimension: int) -> None:
        self.outputs = dimension

    def rows(self, examples: Alike, encoder: BiEncoder) -> Rows:
        """Returns the texts as passages and their classes."""
        return Rows(encoder.tokens(examples.texts, "passage"), {"label": examples.classes})

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Returns the supervised contrastive loss; 0 for a batch in which no class has two texts."""
        same = targets["label"][:, None] == targets["label"][None, :]
        itself = torch.eye(len(outputs), dtype=torch.bool)
        partners = (same & ~itself).float()
        unit = normalize(outputs, dim=-1)
        scores = (unit @ unit.T / TEMPERATURE).masked_fill(itself, -1e9)
        log_p = scores - scores.logsumexp(dim=1, keepdim=True)
        counts = partners.sum(dim=1)
        paired = counts > 0
        if not bool(paired.any()):
            return outputs.sum() * 0.0
        mean: torch.Tensor = -((log_p * partners).sum(dim=1)[paired] / counts[paired]).mean()
        return mean

    def divergence(
        self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Returns the mean of one minus the cosine of two outputs for one text."""
        return (1.0 - (normalize(first, dim=-1) * normalize(second, dim=-1)).sum(dim=-1)).mean()

    def figures(self, outputs: Sequence[npt.NDArray[np.float32]], examples: Alike) -> dict[str, float]:
        """Returns the share of texts whose nearest other text is of their class."""
        stacked = np.stack(outputs)
        unit = stacked / np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-9)
        near = unit @ unit.T
        np.fill_diagonal(near, -2.0)
        return {"nearest is alike": float(np.mean(examples.classes[near.argmax(axis=1)] == examples.classes))}


def contrasted(
    checkpoint: Checkpoint, sides: tuple[Alike, Alike], plan: Plan, out: Path, settings: RunSettings, progress: Progress
) -> Checkpoint:
    """Returns the checkpoint whose encoder was tuned by contrast on `sides`, (to learn from, to validate on)."""
    task = ContrastTask(checkpoint.dimension)
    done = fine_tune(task, checkpoint, sides, plan, out, settings=replace(settings, start=as_it_is), progress=progress)
    folder = save_bi_encoder(done.model.encoder, checkpoint.folder, out / "encoder")
    return replace(checkpoint, folder=folder)


def as_it_is(model: TextModel) -> None:
    """Lets the outputs start as the vectors themselves."""
    init.eye_(model.head.weight)
