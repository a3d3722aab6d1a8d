"""What a check is given, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa

Columns = Mapping[str, pa.Array]
"""A record's fields by name, each as long as the batch."""

CLOCK_SKEW_SECONDS: Final = 300
"""How far ahead of ours a sender's clock may be."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that could not be turned into its field's type while mapping."""

    field: str
    reason: str
    rows: np.ndarray


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What a check may need beyond the rows: the time now, the known item ids, the faults of the mapping."""

    now: datetime
    items: pa.Array | None = None
    faults: Sequence[Fault] = ()
    required: frozenset[str] = field(default_factory=frozenset)
    """Fields that shop.yaml maps although the record could do without."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The rows, as a boolean array, whose `field` fails for `reason` (one word, for counting)."""

    field: str
    reason: str
    rows: np.ndarray


Check = Callable[[Columns, CheckContext], Iterator[Broken]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Why one row is not taken."""

    field: str
    reason: str


def first_findings(checks: Sequence[Check], columns: Columns, context: CheckContext) -> dict[int, Finding]:
    """Returns the first thing that is wrong with each bad row, by its place in the batch."""
    found: dict[int, Finding] = {}
    for check in checks:
        for broken in check(columns, context):
            for place in np.flatnonzero(broken.rows).tolist():
                found.setdefault(place, Finding(broken.field, broken.reason))
    return found


def is_set(column: pa.Array) -> np.ndarray:
    """Returns where a column has a value, as a boolean array."""
    return np.asarray(column.is_valid())


def truth(column: pa.Array) -> np.ndarray:
    """Returns a boolean column as an array, with False where it is null."""
    return np.asarray(column.fill_null(False))
