"""BM25 as the text index computes it, for the few items that are not in it yet."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

K1 = 1.2
B = 0.75


@dataclass(frozen=True, slots=True)
class Collection:
    """The statistics that scores are relative to: the number of items, and the mean number of terms per field."""

    items: int
    mean_lengths: Mapping[str, float]

    def idf(self, items_with_term: int) -> float:
        """Returns ln(1 + (N - n + 0.5) / (n + 0.5)), n items of N holding the term."""
        held = min(items_with_term, self.items)
        return math.log(1.0 + (self.items - held + 0.5) / (held + 0.5))

    def score(self, field: str, occurrences: int, length: int, items_with_term: int) -> float:
        """Returns what a term that occurs `occurrences` times in a field of `length` terms adds to an item's score.

        Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond" (2009), with k1 = 1.2, b = 0.75
        and the field's length rounded down to one of 256 steps, as the text index stores it.
        """
        mean = self.mean_lengths.get(field) or 1.0
        norm = K1 * (1.0 - B + B * stored_length(length) / mean)
        return self.idf(items_with_term) * (K1 + 1.0) * occurrences / (occurrences + norm)


def _steps() -> tuple[int, ...]:
    """Returns the lengths that one byte can hold: exact below 40, then with three significant bits after the first."""
    exact = [code if code < 8 else (code & 7 | 8) << (code // 8 - 1) for code in range(256 - 24)]
    return (*range(24), *(24 + step for step in exact))


LENGTH_STEPS = _steps()


def stored_length(length: int) -> int:
    """Returns the largest step that is not above `length`."""
    if length < 40:
        return length
    low, high = 40, 256
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if LENGTH_STEPS[middle] <= length else (low, middle)
    return LENGTH_STEPS[low]
