"""Teaches a picture model the labels of its pictures, and measures it beside the frozen linear probe."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tradewind.errors import DataError
from tradewind.models.vision.classifier import BATCH, PictureClassifier, save_classifier
from tradewind.models.vision.export import export_pictures
from tradewind.models.vision.pretrained import PictureModel
from tradewind.tasks.recognise.pictures import LabelledPictures, held_out
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training.plan import Plan
from tradewind.training.recognise.bank import States, ViewBank, ViewBatches, Views
from tradewind.training.recognise.measure import Measured, measure
from tradewind.training.recognise.probe import Probe, linear_probe
from tradewind.training.recognise.views import Augmentation
from tradewind.training.result import TrainResult
from tradewind.training.trainer import Curves, Objective, fit, forget
from tradewind.training.tuning import Parts, method

_SMOOTHING: Final = 0.1


@dataclass(frozen=True, slots=True)
class RecogniseSettings:
    """Blocks below `cut` stay as pretrained and are run once over `views` random views of each picture. `validation`
    is the share of pictures that choose the kept weights; at 0 all are learned from and the last weights are kept."""

    cut: int = 11
    views: int = 8
    validation: float = 0.15
    neighbours: int = 5
    augmentation: Augmentation = field(default=Augmentation())


class Recognition(Objective):
    """Cross-entropy over label numbers, labels smoothed a little."""

    def __init__(self, model: nn.Module, cut: int) -> None:
        super().__init__()
        self.model = model
        self.cut = cut

    def forward(self, states: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}; `target` (n,) are label numbers."""
        return {"loss": cross_entropy(self.model(states, self.cut), target, label_smoothing=_SMOOTHING)}


@dataclass(frozen=True, slots=True)
class _Bench:
    classifier: PictureClassifier
    bank: ViewBank
    probe: Probe
    learned: States
    targets: npt.NDArray[np.int64]
    watched: States | None
    truth: tuple[str, ...]


def teach(
    pictures: LabelledPictures,
    model: PictureModel,
    plan: Plan,
    out: Path,
    *,
    settings: RecogniseSettings | None = None,
    progress: Progress | None = None,
) -> tuple[PictureClassifier, Probe, Curves]:
    """Returns the tuned classifier, the probe that its head started from, and the run's curves; `model` is changed.

    Raises DataError for fewer than two labels or a single picture of every label, ConfigError for a method that picture
    models cannot take.
    """
    settings, progress = settings or RecogniseSettings(), progress or SilentProgress()
    identity = pictures.digest + repr(settings) + model.sha256
    kept = out / "views" / hashlib.sha256(f"{identity}/{plan.method}/{plan.seed}".encode()).hexdigest()[:16]
    bench = _bench(pictures, model, plan, settings, kept, progress)
    tuning = method(plan.method)
    active = tuning.prepare(bench.classifier, _parts(bench.classifier, bench.bank.cut))
    steps = iter(range(1, plan.steps + 2))

    def validate() -> float:
        if bench.watched is None:
            return float(next(steps))
        return _accuracy(bench, bench.watched)

    curves = fit(
        Recognition(active, bench.bank.cut),
        ViewBatches(bench.learned, bench.targets, plan.batches, plan.batch_size, plan.seed),
        plan,
        out,
        validate=validate,
        watched="accuracy" if bench.watched is not None else "evaluation",
        progress=progress,
        identity=identity,
    )
    tuning.finish(active)
    forget(out)
    shutil.rmtree(kept.parent)
    return bench.classifier.eval(), bench.probe, curves


def train(
    pictures: LabelledPictures,
    test: LabelledPictures,
    model: PictureModel,
    plan: Plan,
    out: Path,
    *,
    settings: RecogniseSettings | None = None,
    progress: Progress | None = None,
) -> TrainResult:
    """Teaches `pictures` and measures on `test`; `out` gets `classifier`, the served bundle `vision`, report and sheet.

    Raises DataError as `teach` does, or when no test picture has a label that was learned.
    """
    settings, progress = settings or RecogniseSettings(), progress or SilentProgress()
    shape, facts = model.input, _facts(pictures, test, model, plan)
    bank = ViewBank(model.backbone, shape, _cut(model, plan, settings))
    states = bank.straight(test.images, progress)
    before = PictureClassifier(model.backbone, pictures.classes).eval()
    untuned = _vectors(before, states, bank.cut)
    classifier, probe, curves = teach(pictures, model, plan, out, settings=settings, progress=progress)
    tuned = _vectors(classifier, states, bank.cut)
    folder = save_classifier(classifier, out / "classifier")
    export_pictures(classifier, shape, out / "vision")
    measured = Measured(test, pictures.labels, classifier, probe, untuned, tuned, settings.neighbours)
    return measure(measured, folder, curves, facts | {"augmentation": asdict(settings.augmentation)})


def _cut(model: PictureModel, plan: Plan, settings: RecogniseSettings) -> int:
    """For a head alone the whole backbone is run once."""
    return model.backbone.depth if plan.method == "head" else min(settings.cut, model.backbone.depth)


def _bench(
    pictures: LabelledPictures,
    model: PictureModel,
    plan: Plan,
    settings: RecogniseSettings,
    kept: Path,
    progress: Progress,
) -> _Bench:
    labels = pictures.classes
    if len(labels) < 2:
        raise DataError(f"pictures of {len(labels)} label teach nothing", hint="two labels or more are needed")
    if max(Counter(pictures.labels).values()) < 2:
        raise DataError("every label has a single picture: nothing in common can be learned")
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    rows, held = held_out(pictures.labels, settings.validation, plan.seed)
    learned, watched = pictures.take(rows), pictures.take(held)
    cut = _cut(model, plan, settings)
    bank = ViewBank(model.backbone, model.input, cut)
    states = bank.augmented(learned.images, Views(settings.views, settings.augmentation, plan.seed), kept, progress)
    numbers = np.array([labels.index(label) for label in learned.labels], dtype=np.int64)
    classifier = PictureClassifier(model.backbone, labels, plan.dropout)
    both = np.stack([_vectors(classifier, states[:, place], cut) for place in range(2)], axis=1)
    probe = linear_probe(both, numbers, len(labels))
    classifier.set_head(probe.weight, probe.bias)
    seen = bank.straight(watched.images, progress) if len(watched) else None
    return _Bench(classifier, bank, probe, states, numbers, seen, watched.labels)


def _parts(classifier: PictureClassifier, cut: int) -> Parts:
    """A shop's few pictures would spoil the norms' weights as they would their statistics."""
    backbone = cast(Any, classifier.backbone)
    norms = [name for name, part in classifier.named_modules() if isinstance(part, nn.BatchNorm2d)]
    return Parts(head=("head",), frozen=(*(f"backbone.{name}" for name in backbone.names_below(cut)), *norms))


@torch.no_grad()
def _vectors(classifier: PictureClassifier, states: States, cut: int) -> npt.NDArray[np.float32]:
    """Returns unit vectors (n, d) of states (n, ...)."""
    classifier.eval()
    found = [
        classifier.vectors(torch.from_numpy(states[start : start + BATCH].astype(np.float32)), cut).numpy()
        for start in range(0, len(states), BATCH)
    ]
    vectors: npt.NDArray[np.float32] = np.concatenate(found)
    return vectors


@torch.no_grad()
def _accuracy(bench: _Bench, states: States) -> float:
    vectors = _vectors(bench.classifier, states, bench.bank.cut)
    numbers = bench.classifier.head(torch.from_numpy(vectors)).argmax(-1).tolist()
    return float(np.mean([bench.classifier.labels[n] == label for n, label in zip(numbers, bench.truth, strict=True)]))


def _facts(pictures: LabelledPictures, test: LabelledPictures, model: PictureModel, plan: Plan) -> dict[str, Any]:
    return {
        "seed": plan.seed,
        "weights": model.weights_source,
        "weights sha256": model.sha256,
        "licence": model.licence,
        "plan": asdict(plan),
        "input": model.input.model_dump(),
        "pictures": len(pictures),
        "measured": len(test),
        "left out": [asdict(found) for found in (*pictures.unreadable, *test.unreadable)],
        "torch": torch.__version__,
    }
