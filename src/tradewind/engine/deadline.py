"""How much of a request's time is left."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on the monotonic clock, in seconds, after which an answer is worth nothing."""

    moment: float

    @staticmethod
    def after(milliseconds: float) -> Deadline:
        """Returns the deadline that lies `milliseconds` from now."""
        return Deadline(time.monotonic() + milliseconds / 1000.0)

    def left(self) -> float:
        """Returns the seconds that are left, 0 when there are none."""
        return max(0.0, self.moment - time.monotonic())
