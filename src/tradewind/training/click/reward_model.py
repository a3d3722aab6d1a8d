"""What a reward model expects of every action, each row judged by a model that did not see it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.tasks.click.bandit import BanditLog
from tradewind.tasks.purchase.forest import Forest
from tradewind.training.purchase.boosting import BoostingConfig, Rows, grow

Floats = npt.NDArray[np.float64]

REWARD_TREES: Final = BoostingConfig(objective="regression", trees=120, leaves=15, least_rows=100)
"""Squared error, not log-loss: the doubly robust estimator wants a right mean, and rewards may be money."""


def fit_rewards(log: BanditLog, config: BoostingConfig = REWARD_TREES, clip: float | None = None) -> Forest:
    """Returns trees from (context, action) to the mean reward.

    With `clip` every row weighs 1 / propensity, at most `clip`: then the model is fitted to the choices as they would
    be with every action shown evenly, so that it spends its leaves where a new policy may go and not where the old
    one was.
    """
    weights = None if clip is None else np.minimum(1.0 / log.propensities, clip)
    return grow(Rows(log.pairs(), log.rewards, weights), config)


def expected_rewards(model: Forest, log: BanditLog) -> Floats:
    """Returns (n, actions): what the model expects of every action in every row's context."""
    return model.predict(log.all_pairs()).reshape(len(log), log.choices)


def cross_fitted(
    log: BanditLog, *, folds: int = 3, seed: int = 13, config: BoostingConfig = REWARD_TREES, clip: float | None = None
) -> Floats:
    """Returns (n, actions): expectations of each row by a model fitted on the other folds (Chernozhukov et al. 2018).

    A model that had seen a row's own reward would make the doubly robust interval too short.
    """
    fold = np.random.default_rng(seed).permutation(len(log)) % folds
    expected = np.zeros((len(log), log.choices))
    for number in range(folds):
        mine = fold == number
        model = fit_rewards(log.take(~mine), config, clip)
        expected[mine] = expected_rewards(model, log.take(mine))
    return expected
