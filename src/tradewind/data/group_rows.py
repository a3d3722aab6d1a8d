"""Rows to learn from, to validate and to test on, split by what they belong to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError

Rows = npt.NDArray[np.int64]
TESTED, VALIDATED = 0.2, 0.1
"""Shares of the groups that are tested and validated on."""
FEWEST: Final = 20
"""Rows under which a figure would say nothing."""


@dataclass(frozen=True, slots=True)
class GroupRows:
    """Row numbers to learn from, to validate and to test on; no group lies in two of them."""

    learned: Rows
    validated: Rows
    tested: Rows


def group_rows(groups: list[str], seed: int) -> GroupRows:
    """Returns the rows split by a hash of their group, so that a group never changes sides when rows are added.

    Raises DataError when there are too few rows or groups to learn from and to test on.
    """
    if len(groups) < FEWEST:
        raise DataError(f"{len(groups)} examples are too few to learn from and to test on", hint=f"give {FEWEST}")
    share = {group: share_of(group, seed) for group in set(groups)}
    ordered = sorted(share, key=lambda group: share[group])
    if len(ordered) < 3:
        raise DataError(f"the examples fall into {len(ordered)} groups: none would be left to test on")
    # Few groups may have no hash that low: then the lowest ones are taken.
    first = max(1, sum(share[group] < TESTED for group in ordered))
    second = max(first + 1, sum(share[group] < TESTED + VALIDATED for group in ordered))
    side = {group: 2 if place < first else 1 if place < second else 0 for place, group in enumerate(ordered)}
    sides = np.array([side[group] for group in groups])
    learned, validated, tested = (np.flatnonzero(sides == number).astype(np.int64) for number in range(3))
    return GroupRows(learned, validated, tested)


def share_of(group: str, seed: int) -> float:
    """Returns where on the way from 0 to 1 the hash of a group lies: the same in every run with the same `seed`."""
    digest = hashlib.sha256(f"{seed}/{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
