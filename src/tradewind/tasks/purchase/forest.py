"""Boosted trees as plain arrays: read and summed with numpy, so that what serves needs no tree library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
_CELLS: Final = 1 << 15
"""Rows × trees that are walked at once: few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees laid end to end. Node i asks whether feature `features`[i] <= `thresholds`[i] and goes to `left`[i] or
    `right`[i], both behind it; a leaf goes to itself and is worth `values`[i]. `roots` are where the trees begin,
    `width` is the number of features. A `logistic` forest's sum is a log-odds."""

    features: Ints
    thresholds: Floats
    left: Ints
    right: Ints
    values: Floats
    roots: Ints
    width: int
    logistic: bool

    def predict(self, rows: Floats) -> Floats:
        """Returns (n,) probabilities of a logistic forest, else values, for `rows` (n, width).

        Raises DataError for rows of another width or with a value that is not finite.
        """
        if rows.ndim != 2 or rows.shape[1] != self.width:
            raise DataError(f"the forest reads rows of {self.width} features, not an array of shape {rows.shape}")
        if not np.isfinite(rows).all():
            raise DataError("a feature is not a finite number")
        step = max(1, _CELLS // max(1, len(self.roots)))
        parts = [self._sums(rows[start : start + step]) for start in range(0, len(rows), step)]
        sums = np.concatenate(parts) if parts else np.zeros(0)
        return np.asarray(0.5 * (1 + np.tanh(0.5 * sums)) if self.logistic else sums)

    def _sums(self, rows: Floats) -> Floats:
        flat = np.ascontiguousarray(rows).reshape(-1)
        starts = np.repeat(np.arange(len(rows), dtype=np.int64) * self.width, len(self.roots))
        at = np.tile(self.roots, len(rows))
        while True:
            low = flat[starts + self.features[at]] <= self.thresholds[at]
            onward = np.where(low, self.left[at], self.right[at])
            if np.array_equal(onward, at):
                return np.asarray(self.values[at].reshape(len(rows), -1).sum(axis=1))
            at = onward

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Returns the forest as named arrays, for safetensors; `forest_of` reads them back."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}


def forest_of(named: Mapping[str, npt.NDArray[np.generic]]) -> Forest:
    """Returns the forest that `arrays` told. Raises DataError when a part is missing or points outside itself."""
    wanted = [field.name for field in fields(Forest)]
    missing = [name for name in wanted if name not in named]
    if missing:
        raise DataError(f"a forest without {', '.join(missing)}")
    made = Forest(
        features=np.asarray(named["features"], dtype=np.int32),
        thresholds=np.asarray(named["thresholds"], dtype=np.float64),
        left=np.asarray(named["left"], dtype=np.int32),
        right=np.asarray(named["right"], dtype=np.int32),
        values=np.asarray(named["values"], dtype=np.float64),
        roots=np.asarray(named["roots"], dtype=np.int32),
        width=int(np.asarray(named["width"]).item()),
        logistic=bool(np.asarray(named["logistic"]).item()),
    )
    _whole(made)
    return made


def _whole(forest: Forest) -> None:
    nodes = len(forest.features)
    sides = (forest.left, forest.right)
    lengths = {len(part) for part in (forest.features, forest.thresholds, *sides, forest.values)}
    outside = any(side.max(initial=0) >= nodes for side in (*sides, forest.roots))
    if len(lengths) > 1 or not len(forest.roots) or outside:
        raise DataError("a forest whose nodes point outside it")
    place = np.arange(nodes)
    leaf = (forest.left == place) & (forest.right == place)
    # A child before its parent could send a row in a circle.
    if forest.roots.min() < 0 or not all(np.all(leaf | (side > place)) for side in sides):
        raise DataError("a forest whose nodes point backwards")
    if forest.features.min(initial=0) < 0 or forest.features.max(initial=0) >= forest.width:
        raise DataError("a forest that asks for features it does not have")
