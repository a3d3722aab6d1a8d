"""The parity gate: a compressed encoder is refused when it is too far from the model it came from.

Cosine says how far single vectors moved; rank agreement says whether searches would still answer the same: Spearman's
correlation of the whole order and the share of the first ten that stayed, each the mean over held-out texts as queries.
A metric of the shop's own may not fall by more than its limit. Where it is a mean over questions, a bootstrap says
how far it moves by chance, and only what lies beyond counts: in a small shop a single answer is over the limit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from tradewind.errors import ParityError

FIRST: Final = 10


@dataclass(frozen=True, slots=True)
class ParityLimits:
    """What a compressed encoder must come to."""

    cosine_mean: float = 0.99
    cosine_worst: float = 0.95
    rank_correlation: float = 0.95
    first_ten: float = 0.8
    metric_loss: float = 0.01
    """Relative to the original's metric, and beyond what chance explains."""
    size_ratio: float = 0.35


@dataclass(frozen=True, slots=True)
class Compared:
    """What the gate looks at. Vectors are unit rows, the same texts in the same order; sizes are bytes of weights."""

    original_queries: np.ndarray
    original_passages: np.ndarray
    small_queries: np.ndarray
    small_passages: np.ndarray
    original_bytes: int
    small_bytes: int
    original_metric: float | None = None
    small_metric: float | None = None
    metric_noise: float = 0.0
    """How far chance alone moves the difference of the two, half the width of its 95 % interval."""


@dataclass(frozen=True, slots=True)
class ParityReport:
    """The figures of a compressed encoder beside its original, as they go into the manifest."""

    texts: int
    cosine_mean: float
    cosine_worst: float
    rank_correlation: float
    first_ten: float
    size_bytes: int
    size_ratio: float
    original_metric: float | None
    small_metric: float | None
    metric_loss: float | None
    metric_noise: float = 0.0
    """Relative to the original's metric, as the loss is."""

    def as_dict(self) -> dict[str, Any]:
        """Returns the figures by name."""
        return asdict(self)


def check(compared: Compared, limits: ParityLimits | None = None) -> ParityReport:
    """Returns the figures. Raises ParityError naming every limit that is missed, with the figure and the limit."""
    report = measure(compared)
    missed = _missed(report, limits or ParityLimits())
    if missed:
        raise ParityError(
            f"the compressed encoder is too far from its original: {'; '.join(missed)}",
            hint="publish it in fp32, or look at what was exported",
        )
    return report


def measure(compared: Compared) -> ParityReport:
    """Returns the figures, whatever they are."""
    original = np.vstack([compared.original_queries, compared.original_passages])
    small = np.vstack([compared.small_queries, compared.small_passages])
    cosines = np.einsum("nd,nd->n", original, small)
    before = compared.original_queries @ compared.original_passages.T
    after = compared.small_queries @ compared.small_passages.T
    return ParityReport(
        texts=len(compared.original_passages),
        cosine_mean=float(cosines.mean()),
        cosine_worst=float(cosines.min()),
        rank_correlation=rank_correlation(before, after),
        first_ten=first_overlap(before, after, FIRST),
        size_bytes=compared.small_bytes,
        size_ratio=compared.small_bytes / compared.original_bytes,
        original_metric=compared.original_metric,
        small_metric=compared.small_metric,
        metric_loss=_relative_loss(compared.original_metric, compared.small_metric),
        metric_noise=compared.metric_noise / abs(compared.original_metric) if compared.original_metric else 0.0,
    )


def rank_correlation(before: np.ndarray, after: np.ndarray) -> float:
    """Returns the mean of Spearman's correlation over the rows of two score matrices of one shape."""
    ranks = [np.argsort(np.argsort(scores, axis=1), axis=1).astype(np.float64) for scores in (before, after)]
    first, second = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return float(((first * second).sum(axis=1) / spread).mean())


def first_overlap(before: np.ndarray, after: np.ndarray, k: int) -> float:
    """Returns the mean share of each row's `k` highest columns that are the same in both score matrices."""
    k = min(k, before.shape[1])
    pairs = zip(np.argsort(-before, axis=1)[:, :k], np.argsort(-after, axis=1)[:, :k], strict=True)
    return float(np.mean([len(np.intersect1d(first, second)) / k for first, second in pairs]))


def _relative_loss(original: float | None, small: float | None) -> float | None:
    if original is None or small is None:
        return None
    return (original - small) / abs(original) if original else 0.0


def _missed(report: ParityReport, limits: ParityLimits) -> list[str]:
    """A figure that is not a number misses its limit."""
    least = {name: getattr(limits, name) for name in ("cosine_mean", "cosine_worst", "rank_correlation", "first_ten")}
    most = {"size_ratio": limits.size_ratio}
    if report.metric_loss is not None:
        most["metric_loss"] = limits.metric_loss + report.metric_noise
    low = [
        f"{name} {getattr(report, name):.4f} < {low}" for name, low in least.items() if not getattr(report, name) >= low
    ]
    high = [
        f"{name} {getattr(report, name):.4f} > {top}" for name, top in most.items() if not getattr(report, name) <= top
    ]
    return low + high
