"""Several classifiers as one: a weighted mean of their log-probabilities, the weight chosen on validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
SHARES = tuple(step / 20 for step in range(21))
TEMPERATURES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Mixture:
    """`share` of the first classifier's log-probabilities, the rest of the second's."""

    share: float

    def of(self, first: Floats, second: Floats) -> Floats:
        """Returns mixed log-scores (n, classes), not normalised: their order is what counts."""
        return self.share * first + (1.0 - self.share) * second


def fit_mixture(first: Floats, second: Floats, classes: npt.NDArray[np.int64]) -> Mixture:
    """Returns the mixture of two (n, classes) log-probabilities that names most of `classes` (n,) rightly.

    Of several equally good shares the one nearest to a half is taken.
    """

    def right(share: float) -> tuple[float, float]:
        named = Mixture(share).of(first, second).argmax(axis=1)
        return float(np.mean(named == classes)), -abs(share - 0.5)

    return Mixture(max(SHARES, key=right))


def fit_temperature(scores: Floats, classes: npt.NDArray[np.int64]) -> float:
    """Returns the temperature, of a few, at which softmax(scores / t) gives `classes` the highest likelihood.

    Guo et al., "On calibration of modern neural networks", ICML 2017.
    """

    def likelihood(temperature: float) -> float:
        return float(log_softmax(scores / temperature)[np.arange(len(classes)), classes].mean())

    return max(TEMPERATURES, key=likelihood)


def log_softmax(scores: Floats) -> Floats:
    """Returns log softmax of each row of `scores` (n, classes)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    found: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found
