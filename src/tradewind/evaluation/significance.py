"""Whether a difference between two methods, seen query by query, is more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean difference and the interval that holds `confidence` of its bootstrap replicates."""

    mean: float
    low: float
    high: float
    confidence: float

    @property
    def differs(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0.0 or self.high < 0.0


def paired_bootstrap(
    ours: npt.NDArray[np.floating],
    theirs: npt.NDArray[np.floating],
    *,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 13,
) -> Interval:
    """Returns the mean of `ours − theirs` over queries with its percentile bootstrap interval.

    The queries are drawn again with replacement, both methods keeping the same draw (Sakai, "Evaluating evaluation
    metrics based on the bootstrap", SIGIR 2006). Raises DataError when the lengths differ or there is no query.
    """
    if len(ours) != len(theirs) or not len(ours):
        raise DataError(f"a paired test needs equal, non-empty samples, not {len(ours)} and {len(theirs)}")
    difference = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    random = np.random.default_rng(seed)
    # Chunks bound the memory: resamples × queries indices at once would be gigabytes on a long query log.
    step = max(1, 4_000_000 // len(difference))
    means = np.concatenate(
        [_means(difference, min(step, resamples - done), random) for done in range(0, resamples, step)]
    )
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(difference.mean()), float(low), float(high), confidence)


def _means(difference: np.ndarray, resamples: int, random: np.random.Generator) -> np.ndarray:
    drawn = random.integers(0, len(difference), (resamples, len(difference)))
    means: np.ndarray = difference[drawn].mean(axis=1)
    return means
