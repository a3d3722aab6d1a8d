"""How much something that happened a while ago still counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

SECONDS_A_DAY: Final = 86_400.0


def decay(age_days: float, half_life_days: float) -> float:
    """Returns the weight, in (0, 1], of something `age_days` old: 0.5 ** (age / half-life).

    Something from the future weighs 1, as if it happened now.
    """
    return float(0.5 ** (max(0.0, age_days) / half_life_days))


def age_in_days(moment: datetime, at: datetime) -> float:
    """Returns the days from `moment` to `at`; negative when `moment` is later."""
    return (at - moment).total_seconds() / SECONDS_A_DAY


def decayed_counts(
    happened: Iterable[tuple[str, datetime, float]], at: datetime, half_life_days: float
) -> dict[str, float]:
    """Returns, per item, the sum of its weights, each decayed by its age at `at`.

    `happened` holds (item id, time, weight). Items come back in the order they were first seen.
    """
    totals: dict[str, float] = {}
    for item, moment, weight in happened:
        totals[item] = totals.get(item, 0.0) + weight * decay(age_in_days(moment, at), half_life_days)
    return totals
