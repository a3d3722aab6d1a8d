"""How often one key may ask: a token bucket per key, that holds one second's worth."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tradewind.service.keys import ApiKey
from tradewind.service.problems import ProblemError

FORGET_AFTER = 10_000


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


@dataclass(slots=True)
class RateLimits:
    """The buckets of one worker. Used from the event loop only, so it needs no lock."""

    rate: float
    """Requests a second for keys without a rate of their own; 0 means no limit."""
    share: float = 1.0
    """This worker's part of every rate: one over the number of workers."""
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, key: ApiKey) -> None:
        """Spends one request of `key`. Raises ProblemError (429, with Retry-After) when there is none left."""
        rate = (self.rate if key.rate is None else key.rate) * self.share
        if rate <= 0:
            return
        bucket = self._refilled(key.id, rate)
        if bucket.level < 1.0:
            wait = str(max(1, math.ceil((1.0 - bucket.level) / rate)))
            raise ProblemError(429, "rate-limited", "this key asks too often", headers={"Retry-After": wait})
        bucket.level -= 1.0

    def _refilled(self, key_id: str, rate: float) -> _Bucket:
        now, most = self.clock(), max(1.0, rate)
        if len(self._buckets) > FORGET_AFTER:
            self._buckets.clear()
        bucket = self._buckets.setdefault(key_id, _Bucket(most, now))
        bucket.level = min(most, bucket.level + (now - bucket.at) * rate)
        bucket.at = now
        return bucket
