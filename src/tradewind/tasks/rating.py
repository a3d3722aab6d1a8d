"""The task `rating`: how many stars a text gives. Stars are ordered, so what is learned is each step between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.evaluation.classification import macro_f1
from tradewind.tasks.estimators import Choice

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RatedTexts:
    """Texts and their stars (n,), whole numbers from `lowest` to `highest`."""

    texts: tuple[str, ...]
    stars: npt.NDArray[np.int64]
    lowest: int = 1
    highest: int = 5

    def __post_init__(self) -> None:
        if len(self.texts) != len(self.stars):
            raise DataError(f"{len(self.texts)} texts with {len(self.stars)} ratings")
        if self.highest <= self.lowest:
            raise DataError(f"ratings from {self.lowest} to {self.highest} leave nothing to tell apart")
        outside = self.stars[(self.stars < self.lowest) | (self.stars > self.highest)]
        if len(outside):
            raise DataError(f"a rating of {int(outside[0])} lies outside {self.lowest} to {self.highest}")

    @property
    def steps(self) -> npt.NDArray[np.float32]:
        """(n, highest − lowest): 1 where the stars are above the step, as ordinal learning reads them."""
        thresholds = np.arange(self.lowest, self.highest)
        return (self.stars[:, None] > thresholds).astype(np.float32)


def star_probabilities(outputs: Floats) -> Floats:
    """Returns the probability (n, steps + 1) of each number of stars from the outputs of the steps (n, steps).

    sigmoid(output) is the probability of lying above a step; where a higher step comes out likelier than a lower one,
    the running minimum puts it right (Frank and Hall, "A simple approach to ordinal classification", ECML 2001).
    """
    above = np.minimum.accumulate(1.0 / (1.0 + np.exp(-outputs)), axis=1)
    edges = np.concatenate([np.ones((len(above), 1)), above, np.zeros((len(above), 1))], axis=1)
    return np.asarray(edges[:, :-1] - edges[:, 1:], np.float32)


def expected_stars(probabilities: Floats, lowest: int = 1) -> Floats:
    """Returns the mean number of stars (n,), which has the least squared error."""
    return np.asarray(probabilities @ np.arange(lowest, lowest + probabilities.shape[1]), np.float32)


def likely_stars(
    probabilities: Floats, weights: Sequence[float] | None = None, lowest: int = 1
) -> npt.NDArray[np.int64]:
    """Returns the likeliest number of stars (n,); with `weights` rare ratings can count for more."""
    weighed = probabilities if weights is None else probabilities * np.asarray(weights)
    return np.asarray(weighed.argmax(axis=1) + lowest, np.int64)


def balancing_weights(probabilities: Floats, truth: npt.NDArray[np.int64], lowest: int = 1) -> tuple[float, ...]:
    """Returns the weights of the stars, powers of their rarity, at which macro-F1 over `truth` (n,) is highest."""
    counts = np.bincount(truth - lowest, minlength=probabilities.shape[1]) + 1.0
    choices = [tuple((counts.max() / counts) ** power) for power in (0.0, 0.15, 0.3, 0.45, 0.6, 0.8)]
    return max(choices, key=lambda weights: star_f1(truth, likely_stars(probabilities, weights, lowest)))


def star_f1(truth: npt.NDArray[np.int64], named: npt.NDArray[np.int64]) -> float:
    """Returns the macro-F1 over the numbers of stars."""
    return macro_f1([str(n) for n in truth], [str(n) for n in named])


def rating_figures(
    probabilities: Floats, examples: RatedTexts, weights: Sequence[float] | None = None
) -> dict[str, float]:
    """Returns −RMSE first, as the higher is the better, then RMSE, mean absolute error, accuracy and macro-F1."""
    error = expected_stars(probabilities, examples.lowest) - examples.stars
    named = likely_stars(probabilities, weights, examples.lowest)
    rmse = float(np.sqrt(np.mean(error**2)))
    return {
        "-RMSE": -rmse,
        "RMSE": rmse,
        "MAE": float(np.abs(error).mean()),
        "accuracy": float(np.mean(named == examples.stars)),
        "macro-F1": star_f1(examples.stars, named),
    }


class Rating:
    """The task as a shop names it in `learn.estimators`."""

    recipe = "tradewind.training.recipes.rating:RatingRecipe"
    pairs = False

    def parse(self, written: str) -> int:
        """Returns the whole number of stars; `4`, `4.0` and `4 stars` are read. Raises ValueError for anything else."""
        word = written.split()[0]
        try:
            number = float(word)
        except ValueError:
            raise ValueError("not_a_number") from None
        if not number.is_integer():
            raise ValueError("not_a_whole_number")
        return int(number)

    def reader(self, config: Mapping[str, Any]) -> RatingReader:
        """Returns a reader of stars from config["lowest"] upwards."""
        return RatingReader(int(config["lowest"]))


@dataclass(frozen=True, slots=True)
class RatingReader:
    """Reads the outputs of the steps as stars."""

    lowest: int

    def read(self, outputs: Floats, text: str, k: int) -> dict[str, Any]:
        """Returns the expected stars and the `k` likeliest numbers of stars with their probabilities."""
        probabilities = star_probabilities(outputs[None])
        best = np.argsort(-probabilities[0], kind="stable")[:k]
        choices = [Choice(str(self.lowest + int(n)), float(probabilities[0, n])).as_json() for n in best]
        return {"stars": round(float(expected_stars(probabilities, self.lowest)[0]), 4), "labels": choices}
