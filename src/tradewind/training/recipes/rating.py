"""Learns stars, beside the mean and a ridge regression on words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from tradewind.data.examples import Examples
from tradewind.errors import DataError
from tradewind.tasks.estimators import options_of
from tradewind.tasks.rating import RatedTexts, star_f1
from tradewind.training.rating import RatingTask
from tradewind.training.supervised.recipe import Rows


class RatingRecipe:
    """Takes no options: the lowest and the highest rating are those of the table."""

    def __init__(self, examples: Examples, options: Mapping[str, Any]) -> None:
        options_of(options, (), "rating")
        self._texts = np.array(examples.texts, dtype=object)
        self._stars = np.array(examples.targets, dtype=np.int64)
        self._lowest, self._highest = int(self._stars.min()), int(self._stars.max())
        if self._lowest == self._highest:
            raise DataError(f"all {len(self._stars)} ratings are {self._lowest}: there is nothing to tell apart")

    def task(self, learned: Rows) -> RatingTask:
        """Returns the task over the whole range of the table."""
        return RatingTask(self._lowest, self._highest)

    def take(self, rows: Rows) -> RatedTexts:
        """Returns those rows."""
        return RatedTexts(tuple(self._texts[rows]), self._stars[rows], self._lowest, self._highest)

    def baselines(self, learned: Rows, tested: Rows, seed: int) -> dict[str, dict[str, float]]:
        """Returns the mean, and ridge regression over words and character n-grams."""
        train, test = self.take(learned), self.take(tested)
        features = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, dtype=np.float32)
        ridge = make_pipeline(features, Ridge(alpha=2.0, random_state=seed)).fit(train.texts, train.stars)
        guesses = {"mean": np.full(len(test.texts), train.stars.mean()), "n-grams, ridge": ridge.predict(test.texts)}
        return {name: _figures(np.clip(guess, self._lowest, self._highest), test) for name, guess in guesses.items()}

    def output_names(self) -> Sequence[str]:
        """Returns the step that each output stands for."""
        return [f"above {stars}" for stars in range(self._lowest, self._highest)]

    def config(self) -> dict[str, Any]:
        """Returns the lowest rating."""
        return {"lowest": self._lowest}

    def notes(self, learned: Rows, tested: Rows) -> Sequence[str]:
        """Names the ratings that are never learned."""
        missing = sorted(set(range(self._lowest, self._highest + 1)) - set(self._stars[learned].tolist()))
        return [f"never learned: a rating of {', '.join(map(str, missing))}"] if missing else []


def _figures(guess: Any, test: RatedTexts) -> dict[str, float]:
    rmse = float(np.sqrt(np.mean((guess - test.stars) ** 2)))
    named = np.rint(guess).astype(np.int64)
    return {
        "-RMSE": -rmse,
        "RMSE": rmse,
        "MAE": float(np.abs(guess - test.stars).mean()),
        "accuracy": float(np.mean(named == test.stars)),
        "macro-F1": star_f1(test.stars, named),
    }
