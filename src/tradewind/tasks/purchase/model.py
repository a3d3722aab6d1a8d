"""A learned probability of buying, as it serves: a line, trees and a calibration, read without any training library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from tradewind.errors import ArtefactError, DataError
from tradewind.evaluation.calibration import Calibrator, calibrator_of
from tradewind.tasks.purchase.forest import Forest, forest_of

Floats = npt.NDArray[np.float64]
TREES_FILE: Final = "trees.safetensors"
FACTS_FILE: Final = "purchase.json"


@dataclass(frozen=True, slots=True)
class Line:
    """A logistic regression: log-odds = rows · `weights` + `intercept`."""

    weights: Floats
    intercept: float

    def odds(self, rows: Floats) -> Floats:
        """Returns (n,) log-odds for `rows` (n, d)."""
        return np.asarray(rows @ self.weights + self.intercept)

    def predict(self, rows: Floats) -> Floats:
        """Returns (n,) probabilities for `rows` (n, d)."""
        return np.asarray(0.5 * (1 + np.tanh(0.5 * self.odds(rows))))


@dataclass(frozen=True, slots=True)
class PurchaseModel:
    """`line` reads the columns `features` in their order, and `forest` adds to its log-odds what no line can say;
    `calibrator` makes their answer a probability that can be taken at its word, for events that happen within
    `horizon` days (0: within the session)."""

    line: Line
    forest: Forest
    calibrator: Calibrator
    features: tuple[str, ...]
    horizon: float

    def predict(self, rows: Floats) -> Floats:
        """Returns (n,) calibrated probabilities for `rows` (n, len(features))."""
        return self.calibrator.apply(self.uncalibrated(rows))

    def uncalibrated(self, rows: Floats) -> Floats:
        """Returns (n,) what line and trees say before it is calibrated."""
        return np.asarray(0.5 * (1 + np.tanh(0.5 * (self.line.odds(rows) + self.forest.predict(rows)))))

    def require(self, names: Sequence[str]) -> None:
        """Raises DataError unless these are the columns that the model was trained on, in their order."""
        if tuple(names) != self.features:
            raise DataError(
                f"the model reads {', '.join(self.features)}, not {', '.join(names)}",
                hint="train it again: its features have changed since",
            )

    def save(self, folder: Path) -> Path:
        """Writes trees and facts into `folder`, and returns it."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file({k: np.ascontiguousarray(v) for k, v in self.forest.arrays().items()}, folder / TREES_FILE)
        line = {"weights": self.line.weights.tolist(), "intercept": self.line.intercept}
        facts = {
            "features": self.features,
            "horizon": self.horizon,
            "calibration": self.calibrator.as_json(),
            "line": line,
        }
        (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1), encoding="utf-8")
        return folder


def read_purchase_model(folder: Path) -> PurchaseModel:
    """Returns the model that `save` wrote. Raises ArtefactError when the folder holds none, or a broken one."""
    try:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        forest = forest_of(load_file(folder / TREES_FILE))
        calibrator = calibrator_of(facts["calibration"])
        line = Line(np.array(facts["line"]["weights"], dtype=np.float64), float(facts["line"]["intercept"]))
        model = PurchaseModel(line, forest, calibrator, tuple(facts["features"]), float(facts["horizon"]))
    except (OSError, ValueError, KeyError, DataError) as error:
        raise ArtefactError(f"no purchase model can be read: {error}", where=str(folder)) from error
    if not len(model.features) == forest.width == len(line.weights) or forest.logistic:
        raise ArtefactError("features, line and trees of a purchase model do not belong together", where=str(folder))
    return model
