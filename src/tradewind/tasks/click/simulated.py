"""Two small worlds whose truth is known, so that an estimator can be held to it.

`BanditWorld`: visitors differ in what a policy may see and in a keenness that it may not. The logging policy did see
it and showed keen visitors its favourites, so the log makes the favourites look good: the naive reading is wrong even
for a model that knows all it is allowed to know. `RankingWorld`: results lie in an order that a popularity ranker
made, and are looked at less the lower they lie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.tasks.click.bandit import BanditLog, softmax_policy
from tradewind.tasks.click.impressions import Impressions

Floats = npt.NDArray[np.float64]
PolicyOf = Callable[[Floats], Floats]
"""Maps contexts (n, d) to the probabilities of every action (n, actions)."""


@dataclass(frozen=True, slots=True)
class BanditWorld:
    """`tastes` (actions, d) and `appeal` (actions,) make an action's log-odds of a click; keen visitors have
    `keenness` more, and the logging policy leans towards `favourites` (actions,) for them."""

    tastes: Floats
    appeal: Floats
    favourites: Floats
    keenness: float = 2.0

    @classmethod
    def seeded(cls, seed: int = 13, actions: int = 8, width: int = 4) -> BanditWorld:
        """Returns a world in which the favourites are among the least appealing actions."""
        random = np.random.default_rng(seed)
        appeal = np.linspace(-3.4, -1.6, actions)
        favourites = np.where(np.arange(actions) < actions // 2, 2.0, -1.0)
        return cls(random.normal(scale=0.5, size=(actions, width)), appeal, favourites)

    def visitors(self, count: int, random: np.random.Generator) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Returns contexts (count, d) and who is keen (count,)."""
        return random.normal(size=(count, self.tastes.shape[1])), random.random(count) < 0.4

    def chances(self, contexts: Floats, keen: npt.NDArray[np.bool_]) -> Floats:
        """Returns the true click probability (count, actions)."""
        odds = contexts @ self.tastes.T + self.appeal + self.keenness * keen[:, None]
        return np.asarray(0.5 * (1 + np.tanh(odds / 2)))

    def logging_policy(self, keen: npt.NDArray[np.bool_]) -> Floats:
        """Returns what the logging policy does (count, actions); every action keeps 2 %."""
        scores = np.where(keen[:, None], self.favourites, -0.5 * self.favourites)
        return softmax_policy(scores, floor=0.02)

    def log(self, count: int, seed: int) -> BanditLog:
        """Returns `count` choices of the logging policy, with the propensities it really used."""
        random = np.random.default_rng(seed)
        contexts, keen = self.visitors(count, random)
        policy = self.logging_policy(keen)
        actions = (policy.cumsum(axis=1) < random.random(count)[:, None]).sum(axis=1).clip(0, len(self.appeal) - 1)
        rows = np.arange(count)
        clicked = random.random(count) < self.chances(contexts, keen)[rows, actions]
        described = np.eye(len(self.appeal))
        return BanditLog(contexts, actions, clicked.astype(np.float64), policy[rows, actions], described)

    def target_policy(self, contexts: Floats) -> Floats:
        """Returns a policy (count, actions) that looks at the context alone and knows the tastes."""
        return softmax_policy(contexts @ self.tastes.T + self.appeal, temperature=0.7)

    def value(self, policy_of: PolicyOf, count: int = 400_000, seed: int = 1) -> float:
        """Returns the true value of a policy of contexts: its mean click probability over `count` fresh visitors."""
        contexts, keen = self.visitors(count, np.random.default_rng(seed))
        return float((policy_of(contexts) * self.chances(contexts, keen)).sum(axis=1).mean())


@dataclass(frozen=True, slots=True)
class RankingWorld:
    """Items with `features` (items, d) and a true `relevance` (items,) in (0, 1); position k is looked at with
    `looked_at`[k]."""

    features: Floats
    relevance: Floats
    looked_at: Floats

    @classmethod
    def seeded(cls, seed: int = 13, items: int = 300, positions: int = 8) -> RankingWorld:
        """Returns a world whose relevance is a curved function of two of the four features."""
        random = np.random.default_rng(seed)
        features = random.normal(size=(items, 4))
        odds = -1.6 + 1.2 * features[:, 0] + 0.8 * np.abs(features[:, 1])
        return cls(features, 0.5 * (1 + np.tanh(odds / 2)), np.asarray(1.0 / np.arange(1, positions + 1)))

    def log(self, requests: int, seed: int, *, shuffled: float = 0.0) -> Impressions:
        """Returns the impressions of `requests` replies; a share `shuffled` of them came in random order.

        The ranker goes by the third feature, which says nothing about relevance, with some noise: so an item that it
        likes gets clicks for its place.
        """
        random = np.random.default_rng(seed)
        size = len(self.looked_at)
        shown = np.stack([random.choice(len(self.features), size, replace=False) for _ in range(requests)])
        scores = self.features[shown, 2] + 0.5 * random.normal(size=shown.shape)
        scores = np.where(random.random(requests)[:, None] < shuffled, random.normal(size=shown.shape), scores)
        shown = np.take_along_axis(shown, np.argsort(-scores, axis=1), axis=1)
        clicked = random.random(shown.shape) < self.looked_at * self.relevance[shown]
        numbers = np.repeat(np.arange(requests), size)
        return Impressions(numbers, shown.reshape(-1), np.tile(np.arange(size), requests), clicked.reshape(-1))
