"""What a run over pictures begins with: the states of its pictures, the probe, and the classifier."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tradewind.errors import DataError
from tradewind.models.vision.classifier import BATCH, PictureClassifier
from tradewind.models.vision.pretrained import PictureModel
from tradewind.tasks.recognise.pictures import LabelledPictures, held_out
from tradewind.telemetry import Progress
from tradewind.training.plan import Plan
from tradewind.training.recognise.bank import States, ViewBank, Views
from tradewind.training.recognise.probe import Probe, linear_probe
from tradewind.training.recognise.views import Augmentation
from tradewind.training.tuning import Parts

CUT: Final = 11
SMOOTHING: Final = 0.1
Numbers = npt.NDArray[np.int64]
Both = tuple[LabelledPictures, LabelledPictures]
"""Pictures to learn from and pictures to validate on."""


@dataclass(frozen=True, slots=True)
class RecogniseSettings:
    """Blocks below `cut` stay as pretrained and are run once over `views` random views of each picture. `validation`
    is the share of pictures that choose the kept weights; at 0 all are learned from and the last weights are kept, and
    where the caller brings pictures to validate on it says nothing. `smoothing` goes evenly to all labels."""

    cut: int = CUT
    views: int = 8
    validation: float = 0.15
    neighbours: int = 5
    augmentation: Augmentation = field(default=Augmentation())
    smoothing: float = SMOOTHING


@dataclass(frozen=True, slots=True)
class Bench:
    """The states of what is learned and its label numbers `targets` (n,), and those that are `watched`, with their
    labels `truth`; the classifier's head is the probe's."""

    classifier: PictureClassifier
    bank: ViewBank
    probe: Probe
    learned: States
    targets: Numbers
    watched: States | None
    truth: tuple[str, ...]


def cut_of(model: PictureModel, plan: Plan, settings: RecogniseSettings) -> int:
    """Returns how many blocks are run once: for a head alone the whole backbone."""
    return model.backbone.depth if plan.method == "head" else min(settings.cut, model.backbone.depth)


def parted(pictures: LabelledPictures, validated: LabelledPictures | None, share: float, seed: int) -> Both:
    """Returns `pictures` and `validated`, or without those a `share` of the pictures of every label to validate on."""
    if validated is not None:
        return pictures, validated
    rows, held = held_out(pictures.labels, share, seed)
    return pictures.take(rows), pictures.take(held)


def make_bench(
    sides: Both, model: PictureModel, plan: Plan, settings: RecogniseSettings, kept: Path, progress: Progress
) -> Bench:
    """Returns the bench of a run over `sides`; the views of each picture lie in `kept` until the run is over.

    Raises DataError for fewer than two labels or a single picture of every label.
    """
    (learned, watched), labels = sides, sides[0].classes
    if len(labels) < 2:
        raise DataError(f"pictures of {len(labels)} label teach nothing", hint="two labels or more are needed")
    if max(Counter(learned.labels).values()) < 2:
        raise DataError("every label has a single picture: nothing in common can be learned")
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    cut = cut_of(model, plan, settings)
    bank = ViewBank(model.backbone, model.input, cut)
    states = bank.augmented(learned.images, Views(settings.views, settings.augmentation, plan.seed), kept, progress)
    numbers = np.array([labels.index(label) for label in learned.labels], dtype=np.int64)
    classifier = PictureClassifier(model.backbone, labels, plan.dropout)
    both = np.stack([vectors_of(classifier, states[:, place], cut) for place in range(2)], axis=1)
    probe = linear_probe(both, numbers, len(labels))
    classifier.set_head(probe.weight, probe.bias)
    seen = bank.straight(watched.images, progress) if len(watched) else None
    return Bench(classifier, bank, probe, states, numbers, seen, watched.labels)


def parts_of(classifier: PictureClassifier, cut: int) -> Parts:
    """Returns the head, and what no method may move: the blocks below the cut, and every norm, whose weights a shop's
    few pictures would spoil as they would its statistics."""
    backbone = cast(Any, classifier.backbone)
    norms = [name for name, part in classifier.named_modules() if isinstance(part, nn.BatchNorm2d)]
    return Parts(head=("head",), frozen=(*(f"backbone.{name}" for name in backbone.names_below(cut)), *norms))


@torch.no_grad()
def vectors_of(classifier: PictureClassifier, states: States, cut: int) -> npt.NDArray[np.float32]:
    """Returns unit vectors (n, d) of states (n, ...)."""
    classifier.eval()
    found = [
        classifier.vectors(torch.from_numpy(states[start : start + BATCH].astype(np.float32)), cut).numpy()
        for start in range(0, len(states), BATCH)
    ]
    vectors: npt.NDArray[np.float32] = np.concatenate(found)
    return vectors


@torch.no_grad()
def accuracy_of(bench: Bench, states: States) -> float:
    """Returns the share of the watched `states` whose label is named."""
    vectors = vectors_of(bench.classifier, states, bench.bank.cut)
    numbers = bench.classifier.head(torch.from_numpy(vectors)).argmax(-1).tolist()
    return float(np.mean([bench.classifier.labels[n] == label for n, label in zip(numbers, bench.truth, strict=True)]))
