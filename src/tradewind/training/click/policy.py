"""Policies learned from a log that another policy made: straight, by inverse propensity, or doubly robust."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tradewind.tasks.click.bandit import BanditLog, softmax_policy
from tradewind.tasks.click.examination import Examination
from tradewind.tasks.click.impressions import Impressions
from tradewind.tasks.purchase.forest import Forest
from tradewind.training.click.reward_model import REWARD_TREES, cross_fitted, fit_rewards
from tradewind.training.click.targets import (
    attraction_by_propensity,
    attraction_doubly_robust,
    doubly_robust_rewards,
)
from tradewind.training.purchase.boosting import BoostingConfig, Rows, grow

Floats = npt.NDArray[np.float64]
Correction = Literal["none", "inverse propensity", "doubly robust"]
CORRECTIONS: Final[tuple[Correction, ...]] = ("none", "inverse propensity", "doubly robust")


@dataclass(frozen=True, slots=True)
class ClickConfig:
    """How slant is undone. `clip` bounds a weight 1 / propensity, `floor` an examination; `trees` grow the model."""

    correction: Correction = "doubly robust"
    clip: float = 100.0
    floor: float = 0.05
    trees: BoostingConfig = REWARD_TREES


@dataclass(frozen=True, slots=True)
class LearnedPolicy:
    """Shows what `model` expects most of, softened by `temperature`; every action keeps at least `exploring`."""

    model: Forest
    described: Floats
    temperature: float = 0.02
    exploring: float = 0.0

    def __call__(self, contexts: Floats) -> Floats:
        """Returns the probability (n, actions) of every action in `contexts` (n, d)."""
        choices = len(self.described)
        pairs = np.hstack([np.repeat(contexts, choices, axis=0), np.tile(self.described, (len(contexts), 1))])
        scores = self.model.predict(pairs).reshape(len(contexts), choices)
        return softmax_policy(scores, self.temperature, self.exploring)


def learn_policy(log: BanditLog, config: ClickConfig | None = None) -> LearnedPolicy:
    """Returns the policy that the corrected log recommends. Raises DataError when the log cannot be learned from."""
    chosen = config or ClickConfig()
    if chosen.correction == "none":
        return LearnedPolicy(fit_rewards(log, chosen.trees), log.described)
    if chosen.correction == "inverse propensity":
        return LearnedPolicy(fit_rewards(log, chosen.trees, clip=chosen.clip), log.described)
    expected = cross_fitted(log, seed=chosen.trees.seed, config=chosen.trees, clip=chosen.clip)
    targets = doubly_robust_rewards(log, expected, chosen.clip)
    # Each row stands here once an action: a leaf has to hold as many choices as it would have had before.
    trees = replace(chosen.trees, least_rows=chosen.trees.least_rows * log.choices)
    return LearnedPolicy(grow(Rows(log.all_pairs(), targets.reshape(-1)), trees), log.described)


def learn_attraction(
    shown: Impressions, features: Floats, examination: Examination, config: ClickConfig | None = None
) -> Forest:
    """Returns trees from an item's `features` (items, f) to how much it is wanted once looked at.

    Raises DataError when there are no impressions.
    """
    chosen = config or ClickConfig()
    rows = features[shown.items]
    if chosen.correction == "none":
        return grow(Rows(rows, shown.clicks.astype(np.float64)), chosen.trees)
    weighted = attraction_by_propensity(shown, examination, chosen.floor)
    if chosen.correction == "inverse propensity":
        return grow(Rows(rows, weighted), chosen.trees)
    expected = _apart_by_item(shown, features, weighted, chosen.trees)
    return grow(Rows(rows, attraction_doubly_robust(shown, examination, expected, chosen.floor)), chosen.trees)


def _apart_by_item(shown: Impressions, features: Floats, targets: Floats, trees: BoostingConfig) -> Floats:
    """Returns (n,) expectations of each impression by trees that saw none of its item."""
    side = np.random.default_rng(trees.seed).permutation(len(features)) % 2 == 0
    first = side[shown.items]
    expected = np.zeros(len(shown))
    for mine in (first, ~first):
        if mine.any() and not mine.all():
            model = grow(Rows(features[shown.items[~mine]], targets[~mine]), trees)
            expected[mine] = np.clip(model.predict(features[shown.items[mine]]), 0.0, 1.0)
    return expected
