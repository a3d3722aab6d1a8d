"""A key's rate is a bucket that refills with time, and says when to come again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tradewind.service.keys import ApiKey
from tradewind.service.limits import RateLimits
from tradewind.service.problems import ProblemError


def key(name: str = "a", rate: float | None = None) -> ApiKey:
    return ApiKey(name, name, frozenset({"search"}), datetime.now(UTC), "", rate)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_a_rate_nobody_waits() -> None:
    limits = RateLimits(0)
    for _ in range(1000):
        limits.take(key())


def test_beyond_the_rate_a_key_is_told_when_to_come_again_and_others_are_not_held_back() -> None:
    clock = Clock()
    limits = RateLimits(5, clock=clock)
    for _ in range(5):
        limits.take(key())
    with pytest.raises(ProblemError) as refused:
        limits.take(key())
    assert refused.value.status_code == 429
    assert refused.value.headers == {"Retry-After": "1"}
    limits.take(key("b"))
    clock.now = 1.0
    for _ in range(5):
        limits.take(key())


def test_a_key_of_its_own_rate_follows_that_one_and_workers_share_it() -> None:
    clock = Clock()
    limits = RateLimits(0, share=0.5, clock=clock)
    mine = key(rate=4)
    for _ in range(2):
        limits.take(mine)
    with pytest.raises(ProblemError):
        limits.take(mine)


def test_a_rate_below_one_a_second_still_lets_one_through() -> None:
    clock = Clock()
    limits = RateLimits(0.1, clock=clock)
    limits.take(key())
    with pytest.raises(ProblemError) as refused:
        limits.take(key())
    assert refused.value.headers == {"Retry-After": "10"}
