"""What a policy would have earned, estimated from the log of another one (off-policy evaluation).

Every estimator comes with an interval, with the effective sample size, and with a diagnosis in words: an estimate
that stands on five heavy rows should not look like one that stands on fifty thousand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError

Floats = npt.NDArray[np.float64]
IntervalKind = Literal["normal", "bootstrap"]

FEW_EFFECTIVE: Final = 0.02
"""Below this share of the rows in effect, or below `FEW_ROWS` of them, the weights are called too heavy."""
FEW_ROWS: Final = 100.0
HEAVY_ROW: Final = 0.05
"""One row with more than this share of all weight is named."""
FEW_REWARDS: Final = 30
MEAN_OFF: Final = 4.0
"""The mean weight is 1 when propensities are right; this many standard errors away from it, they are not."""
_NORMAL_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """What a policy showed and got, and how likely another policy is to show the same.

    All are (n,): `rewards` (a click 0 or 1, or money), `propensities` of the logged action under the policy that
    logged it, in (0, 1], `targets` its probability under the policy in question, in [0, 1]. For the doubly robust
    estimator a reward model adds `modelled`, what it expects of the logged action, and `modelled_target`, what it
    expects of the policy in question in the same context (the mean over that policy's actions). The model must not
    have seen the rows it speaks of.
    """

    rewards: Floats
    propensities: Floats
    targets: Floats
    modelled: Floats | None = None
    modelled_target: Floats | None = None

    def __post_init__(self) -> None:
        lengths = {len(x) for x in (self.rewards, self.propensities, self.targets)}
        if lengths == {0} or len(lengths) > 1:
            raise DataError(f"a policy's log needs rewards, propensities and targets of one length, not {lengths}")
        if not (np.all(self.propensities > 0) and np.all(self.propensities <= 1)):
            raise DataError(
                "a propensity of the log is not in (0, 1]",
                hint="log the probability that the action was shown with; what can never be shown teaches nothing",
            )
        if not (np.all(self.targets >= 0) and np.all(self.targets <= 1) and np.all(np.isfinite(self.rewards))):
            raise DataError("a target probability is not in [0, 1], or a reward is not a number")

    def weights(self, clip: float = np.inf) -> Floats:
        """Returns the importance weights target / propensity, at most `clip` each."""
        return np.minimum(self.targets / self.propensities, clip)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A policy's value (reward a row), its 95 % interval, and how much it can be leaned on.

    `effective` is Kish's effective sample size (Σw)² / Σw²; `clipped` the share of rows whose weight was cut.
    `warnings` is empty when nothing speaks against the interval.
    """

    estimator: str
    value: float
    low: float
    high: float
    effective: float
    clipped: float = 0.0
    warnings: tuple[str, ...] = ()

    def holds(self, truth: float) -> bool:
        """Whether the interval covers `truth`."""
        return self.low <= truth <= self.high


def naive(log: PolicyLog) -> Estimate:
    """Returns the mean reward where both policies agree, as if the log were a random sample of them: Σ t·r / Σ t.

    It ignores why a row is in the log, so it is biased wherever the logging policy preferred some actions. It is here
    to be compared with, and says so in its warnings.
    """
    return _ratio("naive", log.targets, log, "normal", 0, ("naive: the logging policy's preferences are not undone",))


def inverse_propensity(
    log: PolicyLog, *, clip: float = np.inf, interval: IntervalKind = "normal", seed: int = 13
) -> Estimate:
    """Returns mean(w·r), unbiased without clipping (Horvitz and Thompson 1952; Dudík, Langford and Li, ICML 2011)."""
    weights = log.weights(clip)
    low, high = _interval(_mean, (weights * log.rewards,), interval, seed)
    return _estimate("inverse propensity", float(np.mean(weights * log.rewards)), low, high, log, clip)


def self_normalised(
    log: PolicyLog, *, clip: float = np.inf, interval: IntervalKind = "normal", seed: int = 13
) -> Estimate:
    """Returns Σ w·r / Σ w: a little bias, far less variance (Swaminathan and Joachims, NeurIPS 2015)."""
    return _ratio("self-normalised", log.weights(clip), log, interval, seed, diagnosis(log, clip), clip)


def doubly_robust(
    log: PolicyLog, *, clip: float = np.inf, interval: IntervalKind = "normal", seed: int = 13
) -> Estimate:
    """Returns mean(q(π) + w·(r − q(a))): right when either the propensities or the reward model are.

    Dudík, Langford and Li, "Doubly Robust Policy Evaluation and Learning", ICML 2011. Raises DataError when the log
    carries no reward model.
    """
    if log.modelled is None or log.modelled_target is None:
        raise DataError("the doubly robust estimator needs what a reward model expects of every row")
    parts = log.modelled_target + log.weights(clip) * (log.rewards - log.modelled)
    low, high = _interval(_mean, (parts,), interval, seed)
    return _estimate("doubly robust", float(parts.mean()), low, high, log, clip)


def effective_size(weights: Floats) -> float:
    """Returns (Σw)² / Σw², in [1, n]; 0 when all weights are 0 (Kish 1965)."""
    squares = float(np.sum(weights**2))
    return float(np.sum(weights)) ** 2 / squares if squares else 0.0


def diagnosis(log: PolicyLog, clip: float = np.inf) -> tuple[str, ...]:
    """Returns in words what speaks against leaning on weighted estimates of this log; nothing when nothing does."""
    raw, weights = log.weights(), log.weights(clip)
    total = float(weights.sum())
    if not total:
        return ("no support: the log never shows what this policy would show",)
    found, count, effective = [], len(weights), effective_size(weights)
    if effective < max(FEW_ROWS, FEW_EFFECTIVE * count):
        found.append(f"weights too heavy: {count} rows count like {effective:.0f}")
    if weights.max() / total > HEAVY_ROW:
        found.append(f"one row carries {weights.max() / total:.0%} of all weight")
    error = float(raw.std()) / np.sqrt(count)
    if abs(float(raw.mean()) - 1.0) > max(MEAN_OFF * error, 0.01):
        found.append(f"the mean weight is {raw.mean():.2f} and not 1: propensities are wrong, or actions never shown")
    cut = float(np.mean(raw > clip))
    if cut:
        found.append(f"{cut:.1%} of the weights were clipped: the estimate leans towards the log and below the truth")
    rewarded = int(np.count_nonzero((log.rewards != 0) & (weights > 0)))
    if rewarded < FEW_REWARDS:
        found.append(f"only {rewarded} rewarded rows have any weight: the interval is a rough one")
    return tuple(found)


def _estimate(name: str, value: float, low: float, high: float, log: PolicyLog, clip: float) -> Estimate:
    cut = float(np.mean(log.weights() > clip))
    return Estimate(name, value, low, high, effective_size(log.weights(clip)), cut, diagnosis(log, clip))


def _ratio(
    name: str,
    weights: Floats,
    log: PolicyLog,
    interval: IntervalKind,
    seed: int,
    warnings: tuple[str, ...],
    clip: float = np.inf,
) -> Estimate:
    if not weights.sum():
        raise DataError("the log never shows what this policy would show", hint="log more exploration")
    value = float(np.sum(weights * log.rewards) / weights.sum())
    if interval == "normal":
        # The delta method: a ratio of means varies like the mean of its linear part.
        low, high = _normal(value, weights * (log.rewards - value) / weights.mean())
    else:
        low, high = _interval(_quotient, (weights * log.rewards, weights), interval, seed)
    return Estimate(name, value, low, high, effective_size(weights), float(np.mean(log.weights() > clip)), warnings)


def _mean(sums: Floats) -> Floats:
    return np.asarray(sums[0])


def _quotient(sums: Floats) -> Floats:
    return np.asarray(sums[0] / np.maximum(sums[1], 1e-300))


def _normal(value: float, parts: Floats) -> tuple[float, float]:
    half = _NORMAL_95 * float(parts.std(ddof=1 if len(parts) > 1 else 0)) / np.sqrt(len(parts))
    return float(value - half), float(value + half)


def _interval(
    statistic: Callable[[Floats], Floats],
    columns: tuple[Floats, ...],
    kind: IntervalKind,
    seed: int,
    resamples: int = 1000,
) -> tuple[float, float]:
    """Returns the 95 % interval of a statistic of column means, by the normal law or the percentile bootstrap."""
    if kind == "normal":
        return _normal(float(columns[0].mean()), columns[0])
    random, table = np.random.default_rng(seed), np.stack(columns)
    size = table.shape[1]
    # Chunks bound the memory: all resamples of a long log at once would be gigabytes.
    step = max(1, 2_000_000 // size)
    draws = [
        table[:, random.integers(0, size, (min(step, resamples - done), size))].mean(axis=2)
        for done in range(0, resamples, step)
    ]
    low, high = np.quantile(statistic(np.concatenate(draws, axis=1)), [0.025, 0.975])
    return float(low), float(high)
