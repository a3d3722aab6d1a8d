"""How a sequence model, a household's own counts and popularity become one score: fitted offline, numpy online."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.data.features.basket_counts import ItemStatistics

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Blend:
    """score(i) = `base` · (sequence, log share, log recent share), and for an item bought before also the output of a
    small network of rectified layers over (household features, sequence, log share), standardised by `mean`, `spread`.

    `layers` are (weight (out, in), bias (out,)) pairs; the last one has a single output.
    """

    base: Floats
    mean: Floats
    spread: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    def everywhere(self, sequence: Floats, statistics: ItemStatistics) -> Floats:
        """Returns the part of the score that every item has; `sequence` and the result are (items,)."""
        a, b, c = self.base.tolist()
        scores: Floats = a * sequence + (b * statistics.log_share + c * statistics.log_recent)
        return scores

    def bought_before(self, features: Floats, sequence: Floats, log_share: Floats) -> Floats:
        """Returns the part (m,) that the m items bought before have on top; `features` are (m, f)."""
        hidden = (stacked(features, sequence, log_share) - self.mean) / self.spread
        for weight, bias in self.layers[:-1]:
            hidden = np.maximum(hidden @ weight.T + bias, 0.0)
        weight, bias = self.layers[-1]
        extra: Floats = (hidden @ weight.T + bias)[:, 0].astype(np.float32)
        return extra

    def score(self, sequence: Floats, items: Rows, features: Floats, statistics: ItemStatistics) -> Floats:
        """Returns float32 (vocabulary,) from the sequence model's scores and the features of `items`, bought before."""
        scores = self.everywhere(sequence, statistics)
        scores[items] += self.bought_before(features, sequence[items], statistics.log_share[items])
        return scores

    def arrays(self) -> dict[str, Floats]:
        """Returns the weights by name, for a file."""
        named = {"blend.base": self.base, "blend.mean": self.mean, "blend.spread": self.spread}
        for place, (weight, bias) in enumerate(self.layers):
            named |= {f"blend.{place}.weight": weight, f"blend.{place}.bias": bias}
        return named

    @classmethod
    def of_arrays(cls, named: Mapping[str, npt.NDArray[np.generic]]) -> Blend:
        """Returns the blend that `arrays` named."""
        depth = sum(name.startswith("blend.") and name.endswith(".weight") for name in named)
        layers = tuple((_own(named[f"blend.{n}.weight"]), _own(named[f"blend.{n}.bias"])) for n in range(depth))
        return cls(_own(named["blend.base"]), _own(named["blend.mean"]), _own(named["blend.spread"]), layers)


def stacked(features: Floats, sequence: Floats, log_share: Floats) -> Floats:
    """Returns what the network reads, (m, f + 2)."""
    return np.concatenate([features, sequence[:, None], log_share[:, None]], axis=1).astype(np.float32)


def best(scores: Floats, k: int) -> Rows:
    """Returns the places of the `k` highest scores, best first, equal ones by place."""
    k = min(k, len(scores))
    if k < 1:
        return np.zeros(0, dtype=np.int64)
    edge = np.partition(scores, len(scores) - k)[len(scores) - k]
    places = np.flatnonzero(scores >= edge)
    return places[np.lexsort((places, -scores[places]))][:k]


def _own(array: npt.NDArray[np.generic]) -> Floats:
    return np.array(array, dtype=np.float32)
