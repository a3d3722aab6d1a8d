"""What a model forgot: the accuracy on rows that the version before knew, before and after, by slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.significance import paired_bootstrap

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KeptSlice:
    """The accuracy over the old rows that are `name` when looked at by `by`; `low` and `high` bound its change, with a
    paired bootstrap 95 % interval."""

    by: str
    name: str
    rows: int
    before: float
    after: float
    low: float
    high: float

    @property
    def kept(self) -> float:
        """The share of the accuracy that is left; 1 where there was none to lose."""
        return self.after / self.before if self.before else 1.0

    @property
    def title(self) -> str:
        """What it is called in a table and in a message."""
        return f"{self.by} {self.name}"


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What became of the tested rows that `version` knew. `whole` is None when none of them is left.

    `transfer` is the backward transfer: the mean over labels of the accuracy after less that before, below 0 where
    learning what is new cost what is old (Lopez-Paz and Ranzato, "Gradient episodic memory", NeurIPS 2017).
    """

    version: str
    whole: KeptSlice | None
    slices: tuple[KeptSlice, ...]
    transfer: float

    def as_json(self) -> dict[str, Any]:
        """Returns it as plain values."""
        return asdict(self)

    def text(self) -> str:
        """Returns it in one line."""
        if self.whole is None:
            return f"no tested row that version {self.version} knew is left in the table"
        worst = min(self.slices, key=lambda one: one.kept, default=self.whole)
        return (
            f"{self.whole.rows} tested rows that version {self.version} knew: accuracy {self.whole.before:.4f} before, "
            f"{self.whole.after:.4f} after, backward transfer {self.transfer:+.4f}; {worst.title} keeps "
            f"{worst.kept:.1%} ({worst.rows} rows)"
        )


def forgetting(
    version: str, right: tuple[Floats, Floats], parts: Mapping[str, Sequence[str]], *, seed: int, fewest: int = 1
) -> Forgetting:
    """Returns what the old rows came to; `right` are 1 where an answer was right, (n,) before and (n,) after.

    `parts` give every row's name, by what the rows are looked at; "label" is what the backward transfer is over. Slices
    of fewer than `fewest` rows are left out.
    """
    before, after = right
    if not len(before):
        return Forgetting(version, None, (), 0.0)
    found, changes = [], []
    for by, names in parts.items():
        given = np.asarray(names, dtype=object)
        for name in sorted(set(names)):
            rows = given == name
            if by == "label":
                changes.append(float(after[rows].mean() - before[rows].mean()))
            if rows.sum() >= fewest and rows.sum() < len(given):
                found.append(_slice(by, name, before[rows], after[rows], seed))
    whole = _slice("all", "old rows", before, after, seed)
    transfer = float(np.mean(changes)) if changes else whole.after - whole.before
    return Forgetting(version, whole, tuple(sorted(found, key=lambda one: one.kept)), transfer)


def _slice(by: str, name: str, before: Floats, after: Floats, seed: int) -> KeptSlice:
    change = paired_bootstrap(after, before, resamples=1000, seed=seed)
    return KeptSlice(by, name, len(before), float(before.mean()), float(after.mean()), change.low, change.high)
