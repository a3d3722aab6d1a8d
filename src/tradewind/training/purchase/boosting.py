"""Gradient-boosted trees by LightGBM, handed on as a `Forest` that serving reads without LightGBM."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError, MissingExtraError
from tradewind.tasks.purchase.forest import Forest

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BoostingConfig:
    """How trees are grown. With a validation set, growing stops `patience` trees after the last gain on it."""

    objective: Literal["binary", "regression"] = "binary"
    trees: int = 400
    leaves: int = 31
    learning_rate: float = 0.05
    least_rows: int = 40
    feature_share: float = 0.8
    row_share: float = 0.8
    l2: float = 1.0
    patience: int = 40
    threads: int = 1
    seed: int = 13


@dataclass(frozen=True, slots=True)
class Rows:
    """Examples: `features` (n, d) without NaN, `targets` (n,), how much each counts (None: all alike), and the scores
    (n,) that the trees begin at (None: their mean); a binary objective's are log-odds."""

    features: Floats
    targets: Floats
    weights: Floats | None = None
    start: Floats | None = None

    def __len__(self) -> int:
        return len(self.targets)


def grow(train: Rows, config: BoostingConfig, validation: Rows | None = None) -> Forest:
    """Returns trees grown on `train`, the same for the same rows and seed on every machine.

    Trees that began at a `start` give what is to be added to it, and are never logistic.

    Raises DataError for an empty set, for a value that is not finite, and for a binary objective with one class.
    """
    _check(train, config)
    try:
        import lightgbm
    except ImportError as error:  # pragma: no cover - the learn extra always brings it
        raise MissingExtraError("lightgbm", "learn") from error
    learned = lightgbm.Dataset(
        train.features, train.targets, weight=train.weights, init_score=train.start, params=_parameters(config)
    )
    stops: list[Callable[..., Any]] = []
    held: list[Any] = []
    if validation is not None and len(validation):
        held = [
            learned.create_valid(
                validation.features, validation.targets, weight=validation.weights, init_score=validation.start
            )
        ]
        stops = [lightgbm.early_stopping(config.patience, verbose=False)]
    booster = lightgbm.train(_parameters(config), learned, config.trees, valid_sets=held, callbacks=stops)
    model = booster.dump_model(num_iteration=booster.best_iteration or None)
    return _forest(model, logistic=config.objective == "binary" and train.start is None)


def _check(train: Rows, config: BoostingConfig) -> None:
    if not len(train):
        raise DataError("there is nothing to learn from")
    if not (np.isfinite(train.features).all() and np.isfinite(train.targets).all()):
        raise DataError("a feature or a target is not a finite number", hint="give what is unknown a value of its own")
    if config.objective == "binary" and len(np.unique(train.targets)) < 2:
        raise DataError(
            "all examples have the same outcome, so there is nothing to tell apart",
            hint="a longer period, or a question whose answer is sometimes yes",
        )


def _parameters(config: BoostingConfig) -> dict[str, Any]:
    return {
        "objective": config.objective,
        "num_leaves": config.leaves,
        "learning_rate": config.learning_rate,
        "min_data_in_leaf": config.least_rows,
        "feature_fraction": config.feature_share,
        "bagging_fraction": config.row_share,
        "bagging_freq": 1 if config.row_share < 1 else 0,
        "lambda_l2": config.l2,
        "num_threads": config.threads,
        "seed": config.seed,
        "deterministic": True,
        "force_col_wise": True,
        "use_missing": False,
        "verbosity": -1,
    }


def _forest(model: Mapping[str, Any], *, logistic: bool) -> Forest:
    nodes: list[tuple[int, float, int, int, float]] = []
    roots = [_planted(tree["tree_structure"], nodes) for tree in model["tree_info"]]
    columns = [np.array([node[place] for node in nodes]) for place in range(5)]
    return Forest(
        features=columns[0].astype(np.int32),
        thresholds=columns[1].astype(np.float64),
        left=columns[2].astype(np.int32),
        right=columns[3].astype(np.int32),
        values=columns[4].astype(np.float64),
        roots=np.array(roots, dtype=np.int32),
        width=len(model["feature_names"]),
        logistic=logistic,
    )


def _planted(node: Mapping[str, Any], nodes: list[tuple[int, float, int, int, float]]) -> int:
    """Adds a node and then all below it; returns its number."""
    place = len(nodes)
    nodes.append((0, np.inf, place, place, float(node.get("leaf_value", 0.0))))
    if "left_child" in node:
        left, right = (_planted(node[side], nodes) for side in ("left_child", "right_child"))
        nodes[place] = (int(node["split_feature"]), float(node["threshold"]), left, right, 0.0)
    return place
