"""A figure that Tradewind says it reaches, beside the peer it was measured with in the same run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Claim:
    """`ours` against `peer` in `unit`; it holds when their ratio is at least (or at most) `wants`."""

    claim: str
    ours: float
    peer: float
    unit: str
    wants: float
    better: Literal["higher", "lower"] = "higher"

    @property
    def ratio(self) -> float:
        """ours / peer; infinite when the peer is 0 and ours is not, 1 when both are."""
        if self.peer:
            return self.ours / self.peer
        return float("inf") if self.ours else 1.0

    @property
    def holds(self) -> bool:
        """Whether the ratio is on the wanted side."""
        return self.ratio >= self.wants if self.better == "higher" else self.ratio <= self.wants

    def as_json(self) -> dict[str, Any]:
        """Returns the object that the benchmarks print: claim, ours, peer, ratio, unit, wants, holds."""
        ratio = self.ratio if self.ratio != float("inf") else None
        wants = f"{'>=' if self.better == 'higher' else '<='} {self.wants:g}"
        return {
            "claim": self.claim,
            "ours": self.ours,
            "peer": self.peer,
            "ratio": ratio,
            "unit": self.unit,
            "wants": wants,
            "holds": self.holds,
        }
