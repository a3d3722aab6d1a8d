"""Teaches a picture model the labels of its pictures, and measures it beside the frozen linear probe."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tradewind.models.vision.classifier import PictureClassifier, save_classifier
from tradewind.models.vision.export import export_pictures
from tradewind.models.vision.pretrained import PictureModel
from tradewind.tasks.recognise.pictures import LabelledPictures
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training.plan import Plan
from tradewind.training.recognise.bank import ViewBank, ViewBatches
from tradewind.training.recognise.bench import (
    SMOOTHING,
    RecogniseSettings,
    accuracy_of,
    cut_of,
    make_bench,
    parted,
    parts_of,
    vectors_of,
)
from tradewind.training.recognise.measure import Measured, measure
from tradewind.training.recognise.probe import Probe
from tradewind.training.result import TrainResult
from tradewind.training.trainer import Curves, Objective, fit, forget
from tradewind.training.tuning import method


@dataclass(frozen=True, slots=True)
class Sides:
    """The pictures to learn from, to measure on, and where the caller parted them itself those to validate on."""

    learned: LabelledPictures
    tested: LabelledPictures
    validated: LabelledPictures | None = None


class Recognition(Objective):
    """Cross-entropy over label numbers, labels smoothed a little."""

    def __init__(self, model: nn.Module, cut: int, smoothing: float = SMOOTHING) -> None:
        super().__init__()
        self.model = model
        self.cut = cut
        self.smoothing = smoothing

    def forward(self, states: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}; `target` (n,) are label numbers."""
        return {"loss": cross_entropy(self.model(states, self.cut), target, label_smoothing=self.smoothing)}


def teach(
    pictures: LabelledPictures,
    model: PictureModel,
    plan: Plan,
    out: Path,
    *,
    settings: RecogniseSettings | None = None,
    progress: Progress | None = None,
    validated: LabelledPictures | None = None,
) -> tuple[PictureClassifier, Probe, Curves]:
    """Returns the tuned classifier, the probe that its head started from, and the run's curves; `model` is changed.

    `validated` choose the kept weights where they are given, and otherwise a share of `pictures`. Raises DataError for
    fewer than two labels or a single picture of every label, ConfigError for a method that picture models cannot take.
    """
    settings, progress = settings or RecogniseSettings(), progress or SilentProgress()
    sides = parted(pictures, validated, settings.validation, plan.seed)
    identity = pictures.digest + repr(settings) + model.sha256 + (validated.digest if validated else "")
    kept = out / "views" / hashlib.sha256(f"{identity}/{plan.method}/{plan.seed}".encode()).hexdigest()[:16]
    bench = make_bench(sides, model, plan, settings, kept, progress)
    tuning = method(plan.method)
    active = tuning.prepare(bench.classifier, parts_of(bench.classifier, bench.bank.cut))
    steps = iter(range(1, plan.steps + 2))

    def validate() -> float:
        if bench.watched is None:
            return float(next(steps))
        return accuracy_of(bench, bench.watched)

    curves = fit(
        Recognition(active, bench.bank.cut, settings.smoothing),
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
    watched = bench.watched is not None
    return bench.classifier.eval(), bench.probe, curves if watched else replace(curves, validation=())


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
    sides = Sides(pictures, test)
    return train_sides(sides, model, plan, out, settings or RecogniseSettings(), progress or SilentProgress())[0]


def train_sides(
    sides: Sides,
    model: PictureModel,
    plan: Plan,
    out: Path,
    settings: RecogniseSettings,
    progress: Progress,
    name: str = "recognise",
) -> tuple[TrainResult, PictureClassifier]:
    """Does what `train` does under a `name` of the report, and returns the tuned classifier beside the result."""
    test, shape, facts = sides.tested, model.input, _facts(sides, model, plan)
    bank = ViewBank(model.backbone, shape, cut_of(model, plan, settings))
    states = bank.straight(test.images, progress)
    before = PictureClassifier(model.backbone, sides.learned.classes).eval()
    untuned = vectors_of(before, states, bank.cut)
    classifier, probe, curves = teach(
        sides.learned, model, plan, out, settings=settings, progress=progress, validated=sides.validated
    )
    tuned = vectors_of(classifier, states, bank.cut)
    folder = save_classifier(classifier, out / "classifier")
    export_pictures(classifier, shape, out / "vision")
    measured = Measured(test, sides.learned.labels, classifier, probe, untuned, tuned, settings.neighbours)
    told = facts | {"augmentation": asdict(settings.augmentation)}
    return measure(measured, folder, curves, told, name), classifier


def _facts(sides: Sides, model: PictureModel, plan: Plan) -> dict[str, Any]:
    return {
        "seed": plan.seed,
        "weights": model.weights_source,
        "weights sha256": model.sha256,
        "licence": model.licence,
        "plan": asdict(plan),
        "input": model.input.model_dump(),
        "pictures": len(sides.learned),
        "measured": len(sides.tested),
        "left out": [asdict(found) for found in (*sides.learned.unreadable, *sides.tested.unreadable)],
        "torch": torch.__version__,
    }
