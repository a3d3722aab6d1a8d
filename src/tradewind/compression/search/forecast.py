"""What can be said of a candidate before it is made, so that none is made that cannot be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from tradewind.compression.search.candidate import Candidate, Outline, Technique
from tradewind.compression.search.frontier import Limits, Point

BYTES: Final = {"fp32": 4, "int8": 1, "int8-static": 1}
SURE: Final = 0.6
"""A candidate takes at least so much of the time that its share of the multiplications stands for."""
DOMINATED: Final = (1.1, 0.005)
"""A form is left alone where another is so much faster, no larger, and loses no more quality than that."""


@dataclass(slots=True)
class Forecast:
    """Knows the points measured so far, and gives the reason why a candidate need not be made."""

    outline: Outline
    limits: Limits
    points: dict[Candidate, Point]

    def against(self, candidate: Candidate) -> str | None:
        """Returns why the candidate, or any cut of it, cannot be the one that is asked for; None when it may be."""
        return (
            self._missing(candidate)
            or self._too_large(candidate)
            or self._too_slow(candidate)
            or self._milder_lost(candidate)
            or self._better_form(candidate)
            or self._milder_serves(candidate)
        )

    def _missing(self, candidate: Candidate) -> str | None:
        absent = candidate.form.runtime == "openvino" and find_spec("openvino") is None
        return "OpenVINO is not installed: pip install 'tradewind[openvino]'" if absent else None

    def _too_large(self, candidate: Candidate) -> str | None:
        linear, tables = candidate.technique.numbers(self.outline)
        least = (linear + tables) * BYTES[candidate.form.precision]
        if self.limits.bytes is None or least <= self.limits.bytes:
            return None
        return f"takes {least / 1e6:.1f} MB at least"

    def _too_slow(self, candidate: Candidate) -> str | None:
        base = self._whole(candidate)
        if self.limits.ms is None or base is None:
            return None
        least = SURE * base.ms * candidate.technique.work(self.outline)
        return f"takes {least:.2f} ms at least" if least > self.limits.ms else None

    def _milder_lost(self, candidate: Candidate) -> str | None:
        """What was lost without training may come back by training, so families are looked at apart."""
        milder = self._milder(candidate)
        for other in {one.technique for one in milder}:
            best = max(milder[one].quality for one in milder if one.technique == other)
            if best < self.limits.floor:
                return f"{other.name} keeps {best:.3f} already"
        return None

    def _better_form(self, candidate: Candidate) -> str | None:
        own = self._whole(candidate)
        if own is None or candidate.technique.family == "whole":
            return None
        faster, loss = DOMINATED
        for other in self._wholes():
            better = other.ms * faster < own.ms and other.bytes <= own.bytes and other.quality > own.quality - loss
            if better:
                return f"{other.form} is faster here"
        return None

    def _milder_serves(self, candidate: Candidate) -> str | None:
        """Where quality is what is looked for, a harsher student of a family is never the answer."""
        if self.limits.quality is not None or not candidate.technique.trains:
            return None
        milder = self._milder(candidate)
        serves = next((one for one, point in milder.items() if not point.excess(self.limits)), None)
        return f"{serves.technique.name} is within the limits and keeps more" if serves else None

    def _milder(self, candidate: Candidate) -> dict[Candidate, Point]:
        technique = candidate.technique
        return {
            one: point
            for one, point in self.points.items()
            if one.technique.family == technique.family and _keeps_more(one.technique, technique)
        }

    def _whole(self, candidate: Candidate) -> Point | None:
        same = (one for one in self.points if one.technique.family == "whole" and one.form == candidate.form)
        return max((self.points[one] for one in same), key=lambda point: point.dimension, default=None)

    def _wholes(self) -> Sequence[Point]:
        wholes = [one for one in self.points if one.technique.family == "whole"]
        longest = max((one.dimension for one in wholes), default=0)
        return [self.points[one] for one in wholes if one.dimension == longest]


def _keeps_more(one: Technique, other: Technique) -> bool:
    return one.kept != other.kept and all(ours >= theirs for ours, theirs in zip(one.kept, other.kept, strict=True))
