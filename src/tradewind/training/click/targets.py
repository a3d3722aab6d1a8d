"""Targets to regress on that mean the same as if the log had not been slanted by who was shown what, and where."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.tasks.click.bandit import BanditLog
from tradewind.tasks.click.examination import Examination
from tradewind.tasks.click.impressions import Impressions

Floats = npt.NDArray[np.float64]


def doubly_robust_rewards(log: BanditLog, expected: Floats, clip: float = np.inf) -> Floats:
    """Returns (n, actions): q(x, a) + 1[a shown] · min(1/p, clip) · (r − q(x, a)) of every action in every context.

    Its mean given the context is the action's true mean reward when either the propensities or `expected` (n,
    actions) are right (Dudík, Langford and Li, ICML 2011), so any regression on it learns the true rewards.
    """
    if expected.shape != (len(log), log.choices):
        raise DataError(f"expectations of shape {expected.shape} for {len(log)} rows of {log.choices} actions")
    rows = np.arange(len(log))
    targets = expected.copy()
    missed = log.rewards - expected[rows, log.actions]
    targets[rows, log.actions] += np.minimum(1.0 / log.propensities, clip) * missed
    return targets


def attraction_by_propensity(shown: Impressions, examination: Examination, floor: float = 0.05) -> Floats:
    """Returns (n,) click / examination: what the click says about being wanted once looked at.

    Unbiased where the examination is at least `floor`; below, the weight is cut and wanting is understated (Joachims,
    Swaminathan and Schnabel, "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017).
    """
    return np.asarray(shown.clicks / examination.of(shown.positions, floor))


def attraction_doubly_robust(
    shown: Impressions, examination: Examination, expected: Floats, floor: float = 0.05
) -> Floats:
    """Returns (n,) q + (click − examination · q) / ρ, with q = `expected` (n,) attraction and ρ the item's mean
    examination over its impressions.

    An item seen at many positions divides by its mean and not by each position's own small number, which is where
    weighting by 1 / examination gets its variance (Oosterhuis, "Doubly Robust Estimation for Correcting Position
    Bias in Click Feedback for Unbiased Learning to Rank", TOIS 2023). Right on average when either is.
    """
    if len(expected) != len(shown):
        raise DataError(f"{len(expected)} expectations for {len(shown)} impressions")
    looked = examination.of(shown.positions, 0.0)
    totals = np.bincount(shown.items, weights=looked)
    mean = np.maximum(totals / np.maximum(np.bincount(shown.items), 1), floor)[shown.items]
    return np.asarray(expected + (shown.clicks - looked * expected) / mean)
