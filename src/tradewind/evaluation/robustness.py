"""Whether answers survive what changes an input and not its meaning: a text's slips, case, word order, widths, scripts;
a picture's light, size or tilt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.significance import Interval, paired_bootstrap

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Change = Callable[[str, Random], str]
"""A text in, the text changed out; the text itself where the change does not apply."""
Score = Callable[[Sequence[str], Rows], Floats]
"""Texts and the rows that they stand for in, the metric of each out."""
T = TypeVar("T")
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
    inputs: Sequence[T],
    values: Floats,
    score: Callable[[Sequence[T], Rows], Floats],
    changes: Mapping[str, Callable[[T, Random], T]],
    *,
    seed: int,
    most: int = MOST,
) -> tuple[Robustness, ...]:
    """Returns what each change costs, in the order of `changes`; one that touches no input is left out.

    `values` (n,) are the metric on the inputs as they are. The same seed changes the same rows in the same way.
    """
    rows = np.arange(len(inputs))
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    found = (_one(name, change, rows, inputs, values, score, seed) for name, change in changes.items())
    return tuple(one for one in found if one)


def _one(
    name: str,
    change: Callable[[T, Random], T],
    rows: Rows,
    inputs: Sequence[T],
    values: Floats,
    score: Callable[[Sequence[T], Rows], Floats],
    seed: int,
) -> Robustness | None:
    random = Random(f"{seed}/{name}")  # noqa: S311  (chance for a measurement, not for secrets)
    changed = {int(row): change(inputs[row], random) for row in rows}
    touched = np.array([row for row in rows if _is_other(changed[int(row)], inputs[row])], np.int64)
    if not len(touched):
        return None
    before, after = values[touched], score([changed[int(row)] for row in touched], touched)
    drop = paired_bootstrap(before, after, resamples=1000, seed=seed)
    return Robustness(name, len(touched), float(before.mean()), float(after.mean()), drop)


def _is_other(changed: object, before: object) -> bool:
    """A text of which nothing is left asks nothing."""
    return changed != before and not (isinstance(changed, str) and not changed.strip())
