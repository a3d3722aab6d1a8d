"""What a picture model came to: categories and neighbours on pictures it never saw, as table, claims, report, sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.errors import DataError
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.classification import accuracy, expected_calibration_error, macro_f1
from tradewind.evaluation.report import Table
from tradewind.models.vision.classifier import PictureClassifier
from tradewind.runtime.vision import softmax
from tradewind.tasks.recognise.likeness import chance_share, nearest, same_label_share
from tradewind.tasks.recognise.pictures import LabelledPictures
from tradewind.training.figures import bars_figure, curves_figure
from tradewind.training.recognise.contact_sheet import one_of_each, write_contact_sheet
from tradewind.training.recognise.probe import Probe
from tradewind.training.result import TrainResult, write_report
from tradewind.training.trainer import Curves

TUNED: Final = "tuned"
PROBE: Final = "frozen, linear probe"
CHANCE: Final = "chance"
COMMONEST: Final = "commonest label"

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured: the `test` pictures and their unit vectors before and after tuning, the two classifiers, and
    how many neighbours are looked at."""

    test: LabelledPictures
    learned_labels: tuple[str, ...]
    classifier: PictureClassifier
    probe: Probe
    untuned: Vectors
    tuned: Vectors
    neighbours: int


def measure(
    measured: Measured, folder: Path, curves: Curves, facts: Mapping[str, Any], name: str = "recognise"
) -> TrainResult:
    """Returns the result of the run `name` whose classifier lies in `folder`; report and contact sheet are written
    beside it.

    Raises DataError when no test picture has a label that was learned.
    """
    known = set(measured.classifier.labels)
    if not any(label in known for label in measured.test.labels):
        raise DataError("no picture to measure on has a label that was learned")
    out, table = folder.parent, _table(measured)
    looks = nearest(measured.tuned, measured.neighbours)
    sheet = write_contact_sheet(out / "contact_sheet.png", measured.test, looks, one_of_each(measured.test.labels))
    told = {**facts, "steps": curves.last_step, "weights of step": curves.best_step, "contact sheet": sheet.name}
    figures = (curves_figure(curves), bars_figure(table.title, table.rows, ("accuracy", "macro-F1"), TUNED))
    report = write_report(out, name, (table,), figures, told)
    return TrainResult(name, folder, (table,), _claims(name, table), report, out / "tensorboard", told)


def _table(measured: Measured) -> Table:
    truth, k = measured.test.labels, measured.neighbours
    same = f"same label@{k}"
    logits = measured.probe.logits(measured.untuned)
    commonest = Counter(measured.learned_labels).most_common(1)[0][0]
    rows = {
        CHANCE: {"accuracy": 1.0 / len(measured.classifier.labels), same: chance_share(truth)},
        COMMONEST: _scores(truth, (commonest,) * len(truth)),
        PROBE: _figures(measured, logits) | {same: same_label_share(nearest(measured.untuned, k), truth)},
        TUNED: _figures(measured, _tuned_logits(measured))
        | {same: same_label_share(nearest(measured.tuned, k), truth)},
    }
    unseen = sorted(set(truth) - set(measured.classifier.labels))
    notes = (
        f"{len(measured.learned_labels)} pictures learned, {len(truth)} measured, "
        f"{len(measured.classifier.labels)} labels. {same}: neighbours among the measured pictures.",
        *([f"Never learned, so always wrong: {', '.join(unseen)}."] if unseen else []),
    )
    return Table("What a picture shows", ("accuracy", "macro-F1", "calibration error", same), rows, TUNED, notes)


@torch.no_grad()
def _tuned_logits(measured: Measured) -> Vectors:
    logits: Vectors = measured.classifier.head(torch.from_numpy(measured.tuned)).numpy()
    return logits


def _figures(measured: Measured, logits: Vectors) -> dict[str, float]:
    probabilities = softmax(logits)
    found = tuple(measured.classifier.labels[n] for n in probabilities.argmax(axis=1))
    right = np.array(found) == np.array(measured.test.labels)
    calibration = expected_calibration_error(probabilities.max(axis=1), right)
    return _scores(measured.test.labels, found) | {"calibration error": calibration}


def _scores(truth: tuple[str, ...], found: tuple[str, ...]) -> dict[str, float]:
    return {"accuracy": accuracy(truth, found), "macro-F1": macro_f1(truth, found)}


def _claims(name: str, table: Table) -> tuple[Claim, ...]:
    same = table.columns[-1]
    return (
        Claim(f"{name}: accuracy, against the frozen linear probe", table.rows[TUNED]["accuracy"],
              table.rows[PROBE]["accuracy"], "accuracy", 1.0),
        Claim(f"{name}: neighbours with the same label, against chance", table.rows[TUNED][same],
              table.rows[CHANCE][same], same, 2.0),
    )  # fmt: skip
