"""What somebody's next basket holds: the exported sequence model and its blend, without torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.data.features.basket_counts import (
    FEATURES,
    History,
    HistoryBasket,
    ItemStatistics,
    history_of,
    household_features,
)
from tradewind.data.features.basket_times import TIME_FEATURES, basket_times
from tradewind.errors import ArtefactError
from tradewind.runtime.blend import Blend, best
from tradewind.runtime.session import open_session
from tradewind.runtime.tensors import open_tensors

Floats = npt.NDArray[np.float32]

FORMAT: Final = 1
MODEL: Final = "model.onnx"
ITEMS: Final = "items.safetensors"
IDS: Final = "items.txt"
FACTS: Final = "sequence.json"
_ROWS: Final = 16_384
"""Item vectors widened at a time: they and the result stay in the processor's cache."""


class SequenceModel:
    """Scores its vocabulary for somebody's next basket. Safe under many threads; the item vectors stay on disk, mapped.

    A score is the blend of the sequence model, the household's own decayed counts and popularity: the higher the
    likelier, comparable within one answer only. The same history always gets the same scores.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Opens the bundle in `folder`. Raises ArtefactError when it is not one, or was made for other features."""
        facts = _facts(folder)
        named = open_tensors(folder / ITEMS)
        self._window = int(facts["window"])
        self._ids = [str(json.loads(line)) for line in (folder / IDS).read_text(encoding="utf-8").splitlines()]
        self._row_of = {name: row for row, name in enumerate(self._ids)}
        self._statistics = ItemStatistics(*(_floats(named[f"statistics.{n}"]) for n in ItemStatistics.__slots__))
        self._blend = Blend.of_arrays(named)
        self._vectors = np.asarray(named["vectors"])
        self._scale, self._bias, self._weight = (_floats(named[name]) for name in ("scale", "bias", "weight"))
        if not len(self._ids) == len(self._vectors) == len(self._scale) == len(self._bias):
            raise ArtefactError("its files do not belong together", where=str(folder))
        self._session = open_session(folder / MODEL, threads)

    @property
    def vocabulary(self) -> list[str]:
        """The item ids in the order of the scores."""
        return self._ids

    def score(self, history: Sequence[HistoryBasket]) -> tuple[list[str], Floats]:
        """Returns the vocabulary and float32 scores (vocabulary,), given somebody's baskets, oldest first.

        Without any basket of known items the scores are popularity alone.
        """
        return self._ids, self.score_rows(history_of(history, self._row_of))

    def top(self, history: Sequence[HistoryBasket], k: int) -> list[tuple[str, float]]:
        """Returns the `k` likeliest items with their scores, best first."""
        scores = self.score_rows(history_of(history, self._row_of))
        return [(self._ids[row], float(scores[row])) for row in best(scores, k).tolist()]

    def score_rows(self, history: History) -> Floats:
        """Returns float32 scores (vocabulary,) for a history over the vocabulary's rows."""
        if not len(history.items):
            return self._statistics.log_share.copy()
        items, features = household_features(history, self._statistics)
        return self._blend.score(self._sequence(self.user_vector(history)), items, features, self._statistics)

    def user_vector(self, history: History) -> Floats:
        """Returns float32 (d,), whose product with an item's vector is the sequence model's part of the score."""
        recent = history.last(self._window)
        vectors = self._widened(recent.items) * np.exp(self._weight[recent.items])[:, None]
        pooled = np.add.reduceat(vectors, np.flatnonzero(np.diff(recent.baskets, prepend=-1)), axis=0)
        times = basket_times(recent.days, recent.sizes)
        days = (recent.days - recent.days[0]).astype(np.float32)
        feed = {"pooled": pooled[None].astype(np.float32), "times": times[None], "days": days[None]}
        states: Floats = self._session.run(None, feed)[0]
        vector: Floats = states[0, -1]
        return vector

    def _widened(self, rows: npt.NDArray[np.int64]) -> Floats:
        return self._vectors[rows].astype(np.float32) * self._scale[rows, None]

    def _sequence(self, user: Floats) -> Floats:
        scores = np.empty(len(self._vectors), dtype=np.float32)
        for start in range(0, len(scores), _ROWS):
            end = start + _ROWS
            scores[start:end] = self._vectors[start:end].astype(np.float32) @ user
        scores *= self._scale
        scores += self._bias
        return scores


def _facts(folder: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtefactError("there is no sequence model", where=str(folder)) from error
    wanted = {"format": FORMAT, "features": list(FEATURES), "times": list(TIME_FEATURES)}
    if any(facts.get(name) != value for name, value in wanted.items()):
        raise ArtefactError("it was made for other features", where=str(folder), hint="train next_item again")
    return facts


def _floats(array: npt.NDArray[np.generic]) -> Floats:
    return np.asarray(array, dtype=np.float32)
