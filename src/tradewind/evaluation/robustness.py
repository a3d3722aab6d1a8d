"""Whether answers survive what changes a text and not its meaning: slips, case, word order, widths, scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.significance import Interval, paired_bootstrap

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Change = Callable[[str, Random], str]
"""A text in, the text changed out; the text itself where the change does not apply."""
Score = Callable[[Sequence[str], Rows], Floats]
"""Texts and the rows that they stand for in, the metric of each out."""
MOST: Final = 500
"""Rows that are changed at most in each way."""


@dataclass(frozen=True, slots=True)
class Robustness:
    """A metric on the `rows` that a change touched, before and after it, and the interval of what was lost."""

    change: str
    rows: int
    before: float
    after: float
    drop: Interval

    def as_json(self) -> dict[str, Any]:
        """Returns it as plain values."""
        return asdict(self)


def robustness(
    texts: Sequence[str], values: Floats, score: Score, changes: Mapping[str, Change], *, seed: int, most: int = MOST
) -> tuple[Robustness, ...]:
    """Returns what each change costs, in the order of `changes`; one that touches no text is left out.

    `values` (n,) are the metric on the texts as they are. The same seed changes the same rows in the same way.
    """
    rows = np.arange(len(texts))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    found = (_one(name, change, rows, texts, values, score, seed) for name, change in changes.items())
    return tuple(one for one in found if one)


def _one(
    name: str, change: Change, rows: Rows, texts: Sequence[str], values: Floats, score: Score, seed: int
) -> Robustness | None:
    random = Random(f"{seed}/{name}")  # noqa: S311  (chance for a measurement, not for secrets)
    changed = {int(row): change(texts[row], random) for row in rows}
    touched = np.array([row for row in rows if changed[int(row)] != texts[row] and changed[int(row)].strip()], np.int64)
    if not len(touched):
        return None
    before, after = values[touched], score([changed[int(row)] for row in touched], touched)
    drop = paired_bootstrap(before, after, resamples=1000, seed=seed)
    return Robustness(name, len(touched), float(before.mean()), float(after.mean()), drop)
