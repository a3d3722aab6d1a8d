"""A metric on parts of the test: where a mean over all rows hides that some of them go badly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.significance import paired_bootstrap

Floats = npt.NDArray[np.float64]
HEAD: Final = 0.8
"""The commonest labels that together hold this share of what was learned are the head; the others are the tail."""
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LATIN: Final = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Slice:
    """The mean of a metric over the rows that are `name` when looked at by `by`, with its bootstrap 95 % interval.

    Over few rows the interval is too narrow, and over rows that all came out alike it has no width at all: `rows` says
    how far it can be trusted.
    """

    by: str
    name: str
    rows: int
    mean: float
    low: float
    high: float

    @property
    def title(self) -> str:
        """What it is called in a table and in a message."""
        return f"{self.by} {self.name}"

    def as_json(self) -> dict[str, Any]:
        """Returns it as plain values."""
        return asdict(self)


def slice_of(values: Floats, by: str, name: str, *, seed: int, resamples: int = 1000) -> Slice:
    """Returns the mean of `values` (n,) with its percentile bootstrap interval. Raises DataError for no value."""
    found = paired_bootstrap(values, np.zeros(len(values)), resamples=resamples, seed=seed)
    return Slice(by, name, len(values), found.mean, found.low, found.high)


def sliced(
    values: Floats, parts: Mapping[str, Sequence[str]], *, seed: int, resamples: int = 1000
) -> tuple[Slice, ...]:
    """Returns a slice for each name in each of `parts`, worst first within a part.

    `parts` give every row's name, by what the rows are looked at; one in which all rows have one name is left out.
    """
    found: list[Slice] = []
    for by, names in parts.items():
        given = np.asarray(names, dtype=object)
        if len(given) != len(values):
            raise ValueError(f"{len(given)} names of {by} for {len(values)} rows")
        kinds = sorted(set(names))
        if len(kinds) > 1:
            made = [slice_of(values[given == kind], by, kind, seed=seed, resamples=resamples) for kind in kinds]
            found += sorted(made, key=lambda one: one.mean)
    return tuple(found)


def parts_of(texts: Sequence[str], labels: Sequence[str], learned: Mapping[str, int]) -> dict[str, list[str]]:
    """Returns every row's language, label, first level of the label, frequency and length, for `sliced`.

    `learned` counts the rows that were learned of each label.
    """
    languages = [language_of(text) for text in texts]
    return {"language": languages, **label_parts(labels, learned), "length": length_of(texts)}


def label_parts(labels: Sequence[str], learned: Mapping[str, int]) -> dict[str, list[str]]:
    """Returns every row's label, the first level of the label where labels have several, and its frequency."""
    head = _head(learned)
    parts = {
        "category": [label.split(" > ")[0] for label in labels],
        "label": list(labels),
        "frequency": ["head" if label in head else "tail" for label in labels],
    }
    return parts if any(" > " in label for label in labels) else {by: parts[by] for by in parts if by != "category"}


def language_of(text: str) -> str:
    """Returns by its script whether the text is Chinese ("zh"), English or another in Latin letters ("en"), both
    ("zh+en"), or neither ("other")."""
    found = [name for name, sign in (("zh", _HAN), ("en", _LATIN)) if sign.search(text)]
    return "+".join(found) or "other"


def _head(learned: Mapping[str, int]) -> set[str]:
    ordered = sorted(learned, key=lambda label: (-learned[label], label))
    before = np.cumsum([0, *(learned[label] for label in ordered)])[:-1]
    return {label for label, held in zip(ordered, before, strict=True) if held < HEAD * sum(learned.values())}


def length_of(texts: Sequence[str]) -> list[str]:
    """Thirds by the number of characters; texts of one length fall into one."""
    sizes = np.array([len(text) for text in texts])
    low, high = (int(edge) for edge in np.quantile(sizes, [1 / 3, 2 / 3], method="lower")) if len(sizes) else (0, 0)
    middle = f"{low + 1} to {high} characters" if high > low + 1 else f"{high} characters"
    names = {0: f"up to {low} characters", 1: middle, 2: f"over {high} characters"}
    return [names[int(size > low) + int(size > high)] for size in sizes]
