"""Windows over households' baskets, and the batches of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.data.features.basket_times import TIME_FEATURES, basket_times
from tradewind.tasks.next_item import Trips
from tradewind.training.batches import by_length
from tradewind.training.next_item.item_side import Catalogue

Rows = npt.NDArray[np.int64]
_STRIDE: Final = 0.75
"""Windows of one household overlap by a quarter, so that no basket is foretold from too little."""
_FLATTEN: Final = 0.75
"""Negatives are drawn by popularity to this power (Mikolov et al., NeurIPS 2013): the tail is met as well."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Stretches of baskets, `first` to before `end` (n,), each of one household."""

    first: Rows
    end: Rows

    def __len__(self) -> int:
        return len(self.first)


def windows_of(trips: Trips, until: Rows, window: int) -> Windows:
    """Returns windows of at most `window` baskets that cover each household's baskets before `until`, newest first."""
    found = []
    for start, end in zip(trips.households[:-1].tolist(), until.tolist(), strict=True):
        last = end
        while last - start >= 2:
            first = max(start, last - window)
            found.append((first, last))
            last = start if first == start else last - int(window * _STRIDE)
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return Windows(pairs[:, 0], pairs[:, 1])


@dataclass(frozen=True, slots=True)
class Padded:
    """Windows side by side. `lines` (l,) are item rows, `place` (l,) the flat place window · length + basket of each
    line, `times` (n, length, t) and `days` (n, length) what the clock says."""

    lines: Rows
    place: Rows
    times: npt.NDArray[np.float32]
    days: npt.NDArray[np.float32]

    @property
    def length(self) -> int:
        """Baskets in the longest window."""
        return int(self.days.shape[1])


def padded(trips: Trips, first: Rows, end: Rows) -> Padded:
    """Returns the baskets `first` to before `end` of every window, the shorter ones padded behind."""
    length = int((end - first).max())
    times = np.zeros((len(first), length, len(TIME_FEATURES)), dtype=np.float32)
    days = np.zeros((len(first), length), dtype=np.float32)
    lines, place = [], []
    for row, (a, b) in enumerate(zip(first.tolist(), end.tolist(), strict=True)):
        sizes = np.diff(trips.lines[a : b + 1])
        lines.append(trips.items[trips.lines[a] : trips.lines[b]])
        place.append(np.repeat(np.arange(row * length, row * length + b - a), sizes))
        times[row, : b - a] = basket_times(trips.days[a:b], sizes)
        # Counted from the window's own start: float32 would lose the hours in days since the epoch.
        days[row, : b - a] = trips.days[a:b] - trips.days[a]
        days[row, b - a :] = days[row, b - a - 1]
    return Padded(np.concatenate(lines), np.concatenate(place), times, days)


class WindowBatches:
    """The batches of a run: windows of like length, every basket but a window's first to be foretold, and negatives."""

    def __init__(
        self, trips: Trips, windows: Windows, catalogue: Catalogue, *, count: int, size: int, negatives: int, seed: int
    ) -> None:
        self._trips = trips
        self._windows = windows
        self._catalogue = catalogue
        self._negatives = negatives
        self._seed = seed
        self._order = by_length(windows.end - windows.first, count=count, size=size, seed=seed)
        share = np.exp(_FLATTEN * catalogue.statistics.log_share.astype(np.float64))
        self._share = share / share.sum()
        self._reach = np.cumsum(self._share)

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> dict[str, Any]:
        """Returns batch `number`, always the same for the same seed: a resumed run reads what it would have read."""
        chosen = self._order[number]
        batch = padded(self._trips, self._windows.first[chosen], self._windows.end[chosen])
        drawn = self._draw(np.random.default_rng((self._seed, number)))
        items, place = np.unique(np.concatenate([batch.lines, drawn]), return_inverse=True)
        lines, negatives = place[: len(batch.lines)], place[len(batch.lines) :]
        asked = batch.place % batch.length > 0
        named = {
            "text": self._catalogue.text[items],
            "slot": self._catalogue.slot[items],
            "log_share": self._catalogue.statistics.log_share[items],
            "lines": lines,
            "place": batch.place,
            "times": batch.times,
            "days": batch.days,
            "positives": lines[asked],
            "asked_at": batch.place[asked] - 1,
            "negatives": negatives,
            "log_drawn": self._log_drawn(drawn),
        }
        return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in named.items()}

    def _draw(self, random: np.random.Generator) -> Rows:
        drawn = np.searchsorted(self._reach, random.random(self._negatives))
        return np.unique(np.minimum(drawn, len(self._reach) - 1)).astype(np.int64)

    def _log_drawn(self, drawn: Rows) -> npt.NDArray[np.float32]:
        """Returns the log of the chance that each item is among the distinct items drawn."""
        missed = self._negatives * np.log1p(-np.minimum(self._share[drawn], 0.999))
        log_chance: npt.NDArray[np.float32] = np.log(-np.expm1(missed)).astype(np.float32)
        return log_chance
