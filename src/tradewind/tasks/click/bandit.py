"""A log of single choices: one action out of several was shown in a context, with a known probability."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.evaluation.off_policy import PolicyLog

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BanditLog:
    """One row a choice: `contexts` (n, d) numbers that a policy may see, `actions` (n,) rows of `described`, `rewards`
    (n,), and `propensities` (n,), the probability with which the logging policy showed the action, in (0, 1].

    `described` (actions, f) are the features of the actions; their number is the number of choices.
    """

    contexts: Floats
    actions: npt.NDArray[np.int64]
    rewards: Floats
    propensities: Floats
    described: Floats

    def __post_init__(self) -> None:
        lengths = {len(x) for x in (self.contexts, self.actions, self.rewards, self.propensities)}
        if len(lengths) > 1 or lengths == {0}:
            raise DataError(f"contexts, actions, rewards and propensities of a log differ in length: {lengths}")
        if self.actions.min() < 0 or self.actions.max() >= len(self.described):
            raise DataError(f"an action outside the {len(self.described)} that are described")
        if not np.all((self.propensities > 0) & (self.propensities <= 1)):
            raise DataError("a propensity is not in (0, 1]")

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def choices(self) -> int:
        """How many actions there are."""
        return len(self.described)

    def take(self, rows: npt.NDArray[np.generic]) -> BanditLog:
        """Returns the rows chosen by numbers or by a mask."""
        return replace(
            self,
            contexts=self.contexts[rows],
            actions=self.actions[rows],
            rewards=self.rewards[rows],
            propensities=self.propensities[rows],
        )

    def against(self, policy: Floats, expected: Floats | None = None) -> PolicyLog:
        """Returns this log as seen by `policy` (n, actions), whose rows sum to 1.

        `expected` (n, actions) is what a reward model, fitted on other rows, expects of every action.
        """
        if policy.shape != (len(self), self.choices) or np.abs(policy.sum(axis=1) - 1).max() > 1e-6:
            raise DataError(f"a policy over this log has {len(self)} rows of {self.choices} probabilities")
        rows = np.arange(len(self))
        return PolicyLog(
            self.rewards,
            self.propensities,
            np.clip(policy[rows, self.actions], 0.0, 1.0),
            None if expected is None else expected[rows, self.actions],
            None if expected is None else (policy * expected).sum(axis=1),
        )

    def pairs(self) -> Floats:
        """Returns (n, d + f): every row's context beside the features of the action that was shown."""
        return np.hstack([self.contexts, self.described[self.actions]])

    def all_pairs(self) -> Floats:
        """Returns (n · actions, d + f): every row's context beside each action in turn."""
        contexts = np.repeat(self.contexts, self.choices, axis=0)
        return np.hstack([contexts, np.tile(self.described, (len(self), 1))])


def softmax_policy(scores: Floats, temperature: float = 1.0, floor: float = 0.0) -> Floats:
    """Returns probabilities (n, actions) that rise with `scores`; no action has less than `floor`.

    A floor above zero is what makes the next log able to teach: what is never shown cannot be evaluated.
    """
    risen = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    chances = risen / risen.sum(axis=1, keepdims=True)
    return np.asarray(floor + (1 - floor * scores.shape[1]) * chances)


def greedy_policy(scores: Floats) -> Floats:
    """Returns probability 1 for each row's best action, the first among equals."""
    policy = np.zeros_like(scores, dtype=np.float64)
    policy[np.arange(len(scores)), scores.argmax(axis=1)] = 1.0
    return policy
