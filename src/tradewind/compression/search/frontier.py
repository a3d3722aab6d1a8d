"""What was measured of each candidate, which of them nothing beats, and which one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from tradewind.errors import ParityError

LEAST_QUALITY: Final = 0.9
"""Asked where no quality is: what finds less than that is published only by someone who says so."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the chosen point may take at most, and the quality it has at least; None where nothing is asked."""

    ms: float | None = None
    bytes: float | None = None
    quality: float | None = None

    @property
    def floor(self) -> float:
        """The quality that the gate asks."""
        return LEAST_QUALITY if self.quality is None else self.quality

    @property
    def told(self) -> str:
        """The limits in words."""
        said = [] if self.ms is None else [f"{self.ms:g} ms"]
        said += [] if self.bytes is None else [f"{self.bytes / 1e6:g} MB"]
        return ", ".join([*said, f"quality {self.floor:g}"])


@dataclass(frozen=True, slots=True)
class Point:
    """A measured candidate. `quality` is what it keeps of the original's: the worse of `score_kept`, what its first ten
    are worth to the original, and of each shop metric, where what chance explains does not count.

    `ms` is the processor time of one short text on one thread, `bytes` what lies on disk, `item_bytes` what a vector
    takes in an index in one byte a number.
    """

    key: str
    name: str
    technique: str
    form: str
    dimension: int
    quality: float
    score_kept: float
    first_ten: float
    metric_kept: float | None
    ms: float
    ms_of_many: float
    bytes: int
    item_bytes: int

    def excess(self, limits: Limits) -> float:
        """Returns by how much the limits are missed, each as a share of itself; 0 when all are kept."""
        over = [] if limits.ms is None else [self.ms / limits.ms - 1.0]
        over += [] if limits.bytes is None else [self.bytes / limits.bytes - 1.0]
        return sum(max(0.0, one) for one in [*over, limits.floor / max(self.quality, 1e-9) - 1.0])

    def as_dict(self) -> dict[str, Any]:
        """Returns the figures by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that was measured, what was not made and why (by name), and the limits."""

    points: tuple[Point, ...]
    left_out: Mapping[str, str]
    limits: Limits

    def best(self) -> tuple[Point, ...]:
        """Returns the points that no other one equals or beats in quality, latency and size at once, fastest first."""
        kept = [point for point in self.points if not any(_beats(other, point) for other in self.points)]
        return tuple(sorted(kept, key=lambda point: (point.ms, -point.quality)))

    def chosen(self) -> Point:
        """Returns the point within the limits that is best at the first thing not asked for: quality, latency, size.

        Raises ParityError, naming what comes nearest, where no point is within them.
        """
        within = [point for point in self.points if not point.excess(self.limits)]
        if not within:
            raise ParityError(f"nothing reaches {self.limits.told}", hint=self._nearest())
        return min(within, key=self._order)

    def cuts(self, point: Point) -> tuple[Point, ...]:
        """Returns the point and the others that differ from it in the length of their vectors alone, longest first."""
        same = [one for one in self.points if (one.technique, one.form) == (point.technique, point.form)]
        return tuple(sorted(same, key=lambda one: -one.dimension))

    def as_dict(self) -> dict[str, Any]:
        """Returns the points, those of the frontier marked, and what was left out."""
        best = {point.key for point in self.best()}
        return {
            "limits": asdict(self.limits) | {"quality": self.limits.floor},
            "points": [point.as_dict() | {"on_frontier": point.key in best} for point in self.points],
            "left_out": dict(self.left_out),
        }

    def _order(self, point: Point) -> tuple[float, ...]:
        """A cut changes neither time nor size: where quality is given, the shortest vectors that keep it serve."""
        by = {"quality": -point.quality, "ms": point.ms, "bytes": float(point.bytes)}
        free = [name for name in by if getattr(self.limits, name) is None] or ["quality"]
        by["items"] = float(point.item_bytes)
        return tuple(by[name] for name in dict.fromkeys([*free, "items", *by]))

    def _nearest(self) -> str:
        if not self.points:
            return "nothing could be made; see what was left out and why"
        near = min(self.points, key=lambda point: point.excess(self.limits))
        return (
            f"the nearest is {near.name}: {near.ms:.2f} ms, {near.bytes / 1e6:.1f} MB, quality {near.quality:.3f}; "
            "ask for less, or give the search more minutes"
        )


def _beats(one: Point, other: Point) -> bool:
    """Of two that are equal in all the one with the lower key stays."""
    ours, theirs = ((point.quality, -point.ms, -point.bytes) for point in (one, other))
    pairs: Sequence[tuple[float, float]] = list(zip(ours, theirs, strict=True))
    return all(a >= b for a, b in pairs) and (ours != theirs or one.key < other.key)
