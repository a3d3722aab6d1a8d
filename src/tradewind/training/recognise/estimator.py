"""Learns an estimator of a shop's own from its table of pictures, and measures it on groups it never saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.data.examples import Examples
from tradewind.data.group_rows import group_rows
from tradewind.models.vision.classifier import PictureClassifier
from tradewind.models.vision.pretrained import PictureModel
from tradewind.runtime.pictures import GivenPicture
from tradewind.runtime.vision import PictureInput, to_pixels
from tradewind.settings import Shop
from tradewind.tasks.recognise.pictures import from_files
from tradewind.telemetry import Progress
from tradewind.training.recognise.options import options_of, plan_of, require_pictures_can, run_settings_of
from tradewind.training.recognise.train import Sides, train_sides
from tradewind.training.result import TrainResult
from tradewind.training.tuning import must_merge

HELD_OUT: Final = 64
"""Pictures that were not learned, on which the exported model is held against its original."""
KEPT: Final = 1.5
"""Pictures are held in memory at so many times the size that the model reads, so that a part of one can be cut out."""


@dataclass(frozen=True, slots=True)
class LearnedPictures:
    """The run; what the task's reader needs; the folder of the exported model; where its weights come from; and
    pictures that were not learned with the original's outputs (pictures, labels) for them."""

    result: TrainResult
    config: dict[str, Any]
    bundle: Path
    weights: PictureModel
    held_out: list[GivenPicture]
    outputs: npt.NDArray[np.float32]


Learn = Callable[[Shop, str, Examples, Path, Progress], LearnedPictures]
"""How an estimator over pictures is learned, given its name, its examples and the folder of its run."""


def learn(shop: Shop, name: str, examples: Examples, out: Path, progress: Progress) -> LearnedPictures:
    """Trains the estimator `name` of shop.yaml.

    Raises DataError when the examples teach nothing, ConfigError for options, methods and techniques that pictures
    cannot be learned with, ParityError when the exported model gives other outputs.
    """
    settings, learned = shop.settings.learn.estimators[name], shop.settings.learn
    require_pictures_can(settings, name)
    rows = group_rows(examples.groups, learned.seed)
    plan = plan_of(learned, settings, len(rows.learned))
    must_merge(settings.method, plan.tuning, settings.task)
    model = options_of(settings.options).model()
    labels = [" > ".join(path) for path in examples.targets]
    side = round(KEPT * model.input.size)
    pictures = from_files(shop.root, examples.texts, labels, side, progress=progress)
    sides = Sides(pictures.take(rows.learned), pictures.take(rows.tested), pictures.take(rows.validated))
    run = run_settings_of(learned, settings, model.backbone.depth)
    result, classifier = train_sides(sides, model, plan, out, run, progress, name)
    path_of = dict(zip(labels, examples.targets, strict=True))
    config = {"task": settings.task, "pairs": False, "pictures": True}
    held_out = [int(row) for row in (*rows.tested, *rows.validated)][:HELD_OUT]
    return LearnedPictures(
        result,
        config | {"classes": [list(path_of[label]) for label in classifier.labels]},
        out / "vision",
        model,
        [GivenPicture(examples.texts[row], shop.root / examples.texts[row]) for row in held_out],
        _outputs(classifier, model.input, shop.root, examples, held_out),
    )


@torch.no_grad()
def _outputs(
    classifier: PictureClassifier, shape: PictureInput, root: Path, examples: Examples, rows: list[int]
) -> npt.NDArray[np.float32]:
    """Of the pictures as they lie in the folder: as a server will read them."""
    given = (GivenPicture(examples.texts[row], root / examples.texts[row]) for row in rows)
    found = [classifier(torch.from_numpy(to_pixels(one.open(), shape)[None]))[0].numpy() for one in given]
    outputs: npt.NDArray[np.float32] = np.stack(found)
    return outputs
