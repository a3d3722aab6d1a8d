"""What the clock says about a row of baskets, for the sequence model: one definition for training and serving."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

TIME_FEATURES: Final = ("log_gap_days", "log_size", "week_sine", "week_cosine")
_FIRST_GAP: Final = 7.0
"""Days assumed between the first basket and one before it."""


def basket_times(days: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Returns float32 (baskets, len(TIME_FEATURES)) for baskets on `days` (since the epoch, UTC) of `sizes` items."""
    gap = np.diff(days, prepend=days[:1] - _FIRST_GAP)
    week = days % 7.0 * (2.0 * np.pi / 7.0)
    columns = [np.log1p(np.maximum(gap, 0.0)), np.log(np.maximum(sizes, 1)), np.sin(week), np.cos(week)]
    return np.stack(columns, axis=1).astype(np.float32)
