"""A gradient-boosted ranker over features of candidates: LambdaMART, the mean of several small models.

Burges, "From RankNet to LambdaRank to LambdaMART: An overview", MSR-TR-2010-82. A few thousand judgments are few: trees
are shallow, features may only help where they must (`rising`), and models that differ by their seed are averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.tasks.rank.judged import JudgedQuery, stacked

Columns = npt.NDArray[np.float64]
_GAINS: Final = list(range(32))
"""A grade is its own gain, as in the nDCG that is reported."""


@dataclass(frozen=True, slots=True)
class TreeSettings:
    """`rising` are the columns of which more never means worse; `models` differ by the rows and columns they see."""

    trees: int = 60
    leaves: int = 6
    learning_rate: float = 0.08
    least_rows: int = 30
    rows: float = 0.7
    columns: float = 0.5
    smoothing: float = 5.0
    models: int = 5
    rising: tuple[int, ...] = field(default=())
    seed: int = 13


@dataclass(frozen=True, slots=True)
class TreeRanker:
    """Boosted rankers whose scores are averaged."""

    boosters: tuple[lightgbm.Booster, ...]

    def scores(self, rows: Columns) -> Columns:
        """Returns (n,) scores of feature rows (n, features), to be compared within one query only."""
        if not len(rows):
            return np.zeros(0)
        return np.asarray(np.mean([booster.predict(rows) for booster in self.boosters], axis=0), dtype=np.float64)

    def importance(self) -> Columns:
        """Returns the share (features,) of the training gain that each column brought."""
        gain = np.sum([booster.feature_importance("gain") for booster in self.boosters], axis=0)
        return np.asarray(gain / max(float(gain.sum()), 1e-12))


def fit_trees(queries: Sequence[JudgedQuery], features: Sequence[Columns], settings: TreeSettings) -> TreeRanker:
    """Returns a ranker of the candidates of `queries`, whose features are (candidates, columns) a query.

    A query whose grades are all alike asks for no order and is left out; raises DataError when that leaves none.
    """
    kept = [place for place, query in enumerate(queries) if len(np.unique(query.grades)) > 1]
    if not kept:
        raise DataError("no query has candidates of different grades: nothing teaches an order")
    rows, _ = stacked([features[place] for place in kept])
    grades = np.concatenate([queries[place].grades for place in kept])
    data = lightgbm.Dataset(rows, grades, group=[len(queries[place]) for place in kept], free_raw_data=False)
    made = [
        lightgbm.train(_parameters(settings, rows.shape[1], settings.seed + number), data, settings.trees)
        for number in range(settings.models)
    ]
    return TreeRanker(tuple(made))


def _parameters(settings: TreeSettings, columns: int, seed: int) -> dict[str, Any]:
    rising = [int(column in settings.rising) for column in range(columns)]
    return {
        "objective": "lambdarank",
        "label_gain": _GAINS,
        "lambdarank_truncation_level": 20,
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.least_rows,
        "bagging_fraction": settings.rows,
        "bagging_freq": 1,
        "feature_fraction": settings.columns,
        "lambda_l2": settings.smoothing,
        "monotone_constraints": rising,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }
