"""The parity gate: a compressed encoder is refused when it is too far from the model it came from.

Cosine says how far single vectors moved; rank agreement says whether searches would still answer the same: Spearman's
correlation of the whole order and the share of the first ten that stayed, each the mean over held-out texts as queries.
A student may answer otherwise and as well; of it, what its first ten are worth to the original is asked.
A metric of the shop's own may not fall by more than its limit. Where it is a mean over questions, a bootstrap says
how far it moves by chance, and only what lies beyond counts: in a small shop a single answer is over the limit.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from tradewind.errors import ParityError
from tradewind.evaluation.agreement import first_overlap, rank_correlation

FIRST: Final = 10


@dataclass(frozen=True, slots=True)
class ParityLimits:
    """What a compressed encoder must come to; None asks nothing."""

    cosine_mean: float | None = 0.99
    cosine_worst: float | None = 0.95
    rank_correlation: float | None = 0.95
    first_ten: float | None = 0.8
    score_kept: float | None = None
    metric_loss: float = 0.01
    """Relative to the original's metric, and beyond what chance explains."""
    size_ratio: float | None = 0.35

    @classmethod
    def keeping(cls, quality: float) -> ParityLimits:
        """Returns what is asked of an encoder that may answer otherwise than its original, as long as what it finds is
        worth `quality` of what the original finds; its vectors may lie elsewhere and be shorter."""
        return cls(
            cosine_mean=None,
            cosine_worst=None,
            rank_correlation=None,
            first_ten=None,
            score_kept=quality,
            metric_loss=1.0 - quality,
            size_ratio=None,
        )


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
    score_kept: float
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
    require(report, limits or ParityLimits())
    return report


def require(report: ParityReport, limits: ParityLimits) -> None:
    """Raises ParityError naming every limit that the figures miss, with the figure and the limit."""
    missed = _missed(report, limits)
    if missed:
        raise ParityError(
            f"the compressed encoder is too far from its original: {'; '.join(missed)}",
            hint="publish it in fp32, or look at what was exported",
        )


def measure(compared: Compared) -> ParityReport:
    """Returns the figures, whatever they are; vectors of another length have no cosine to the original's."""
    original = np.vstack([compared.original_queries, compared.original_passages])
    small = np.vstack([compared.small_queries, compared.small_passages])
    comparable = original.shape == small.shape
    cosines = np.einsum("nd,nd->n", original, small) if comparable else np.array([np.nan])
    before = compared.original_queries @ compared.original_passages.T
    after = compared.small_queries @ compared.small_passages.T
    return ParityReport(
        texts=len(compared.original_passages),
        cosine_mean=float(cosines.mean()),
        cosine_worst=float(cosines.min()),
        rank_correlation=rank_correlation(before, after),
        first_ten=first_overlap(before, after, FIRST),
        score_kept=score_kept(before, after, FIRST),
        size_bytes=compared.small_bytes,
        size_ratio=compared.small_bytes / compared.original_bytes,
        original_metric=compared.original_metric,
        small_metric=compared.small_metric,
        metric_loss=_relative_loss(compared.original_metric, compared.small_metric),
        metric_noise=compared.metric_noise / abs(compared.original_metric) if compared.original_metric else 0.0,
    )


def score_kept(before: np.ndarray, after: np.ndarray, k: int) -> float:
    """Returns how much of what the original sees in its `k` highest columns it sees in those of the other matrix.

    The mean over rows of (S(after) - m) / (S(before) - m): S(x) is the mean in `before` of the k highest columns of x,
    m that of all columns, so that 1 is as good as the original and 0 is chance. Two passages that the original holds
    for equally near may change places at no cost.
    """
    k = min(k, before.shape[1])
    chance = before.mean(axis=1)
    ours = np.take_along_axis(before, np.argsort(-after, axis=1)[:, :k], axis=1).mean(axis=1)
    best = np.sort(before, axis=1)[:, -k:].mean(axis=1)
    gain = best - chance
    return float(np.mean(np.divide(ours - chance, gain, out=np.ones_like(gain), where=gain > 0)))


def _relative_loss(original: float | None, small: float | None) -> float | None:
    if original is None or small is None:
        return None
    return (original - small) / abs(original) if original else 0.0


def _missed(report: ParityReport, limits: ParityLimits) -> list[str]:
    """A figure that is not a number misses its limit."""
    names = ("cosine_mean", "cosine_worst", "rank_correlation", "first_ten", "score_kept")
    least = {name: limit for name in names if (limit := getattr(limits, name)) is not None}
    most = {} if limits.size_ratio is None else {"size_ratio": limits.size_ratio}
    if report.metric_loss is not None:
        most["metric_loss"] = limits.metric_loss + report.metric_noise
    low = [
        f"{name} {getattr(report, name):.4f} < {low}" for name, low in least.items() if not getattr(report, name) >= low
    ]
    high = [
        f"{name} {getattr(report, name):.4f} > {top}" for name, top in most.items() if not getattr(report, name) <= top
    ]
    return low + high
