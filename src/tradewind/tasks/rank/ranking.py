"""The task `rank` as a shop names it in `learn.estimators`: how well texts answer a query, and their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.runtime.pair_model import OnnxPairModel
from tradewind.tasks.estimators import Model, Reader

MOST_GRADE: Final = 10


@dataclass(frozen=True, slots=True)
class Candidates:
    """A query and the texts that are to be put in order for it."""

    query: str
    texts: tuple[str, ...]


class Rank:
    """Targets are grades: whole numbers from 0 (no answer) to 10 at most."""

    recipe = "tradewind.training.recipes.rank:RankRecipe"
    pairs = True
    labels = False

    def parse(self, written: str) -> int:
        """Returns the grade; `2` and `2.0` are read. Raises ValueError for anything else."""
        try:
            number = float(written)
        except ValueError:
            raise ValueError("not_a_number") from None
        if not number.is_integer():
            raise ValueError("not_a_whole_number")
        if not 0 <= number <= MOST_GRADE:
            raise ValueError("grade_out_of_range")
        return int(number)

    def reader(self, config: Mapping[str, Any]) -> ScoreReader:
        """Returns a reader of scores, or with config["loss"] `graded` of the expected grade."""
        return ScoreReader(config["loss"] == "graded")

    def open(self, folder: Any) -> OnnxPairModel:
        """Returns what gives a published ranker's outputs for pairs of query and text."""
        return OnnxPairModel(folder)


@dataclass(frozen=True, slots=True)
class ScoreReader:
    """Reads outputs (1,) as a score, or scores of grades (grades,) as Σ grade · p(grade)."""

    graded: bool

    def read(self, outputs: npt.NDArray[np.float32], text: str, k: int) -> dict[str, Any]:
        """Returns the score, to be compared within one query only; `text` and `k` do not matter."""
        values = np.asarray(outputs, np.float64)
        if not self.graded:
            return {"score": round(float(values[0]), 6)}
        odds = np.exp(values - values.max())
        return {"score": round(float(odds @ np.arange(len(odds)) / odds.sum()), 6)}


def ranked(model: Model, reader: Reader, asked: Sequence[Candidates]) -> list[dict[str, Any]]:
    """Returns for each query `order`, the places of its texts from the best on, and `scores`, one a text as given.

    Equal scores keep the order of the texts. A task of pairs that gives no scores has its `answers` in place of both.
    """
    pairs = [(one.query, text) for one in asked for text in one.texts]
    read = [reader.read(output, pair[1], 1) for output, pair in zip(model.outputs(pairs), pairs, strict=True)]
    found, first = [], 0
    for one in asked:
        answers = read[first : first + len(one.texts)]
        first += len(one.texts)
        found.append(_ordered(answers))
    return found


def _ordered(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if not all("score" in answer for answer in answers):
        return {"answers": list(answers)}
    scores = [float(answer["score"]) for answer in answers]
    return {"order": np.argsort(-np.array(scores), kind="stable").tolist(), "scores": scores}
