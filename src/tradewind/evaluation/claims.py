"""A figure that Tradewind says it reaches, beside the peer it was measured with in the same run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Claim:
    """`ours` beside `peer` in `unit`; it holds when what is `of` interest is at least (or at most) `wants`.

    Of interest is the ratio of the two, or `ours` alone; with `wants` None the figure is only reported. A `peer` that
    was not there to be measured is None.
    """

    claim: str
    ours: float
    peer: float | None
    unit: str
    wants: float | None
    better: Literal["higher", "lower"] = "higher"
    of: Literal["ratio", "ours"] = "ratio"

    @property
    def ratio(self) -> float:
        """ours / peer; infinite when the peer is 0 and ours is not, 1 when both are, no number without a peer."""
        if self.peer is None:
            return math.nan
        if self.peer:
            return self.ours / self.peer
        return math.inf if self.ours else 1.0

    @property
    def holds(self) -> bool:
        """Whether the figure is on the wanted side; true of one that is only reported."""
        if self.wants is None:
            return True
        figure = self.ratio if self.of == "ratio" else self.ours
        return figure >= self.wants if self.better == "higher" else figure <= self.wants

    @property
    def wanted(self) -> str:
        """What is wanted, in words."""
        if self.wants is None:
            return "reported"
        sign = ">=" if self.better == "higher" else "<="
        return f"{'ours ' if self.of == 'ours' else ''}{sign} {self.wants:g}"

    def as_json(self) -> dict[str, Any]:
        """Returns the object that the benchmarks print: claim, ours, peer, ratio, unit, wants, holds."""
        return {
            "claim": self.claim,
            "ours": self.ours,
            "peer": self.peer,
            "ratio": self.ratio if math.isfinite(self.ratio) else None,
            "unit": self.unit,
            "wants": self.wanted,
            "holds": self.holds,
        }
