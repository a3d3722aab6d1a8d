"""Recency, frequency and value: how lately, how often and for how much a person buys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tradewind.data.features.baskets import baskets_of
from tradewind.data.features.recency import age_in_days
from tradewind.data.records import Event, EventType

MONTH_DAYS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Rfv:
    """`recency_days` since the last basket at the moment asked about, `baskets_a_month` from the first basket on (over
    a month at least), `value` of the mean basket in the shop's money, and how many `baskets` there are."""

    recency_days: float
    baskets_a_month: float
    value: float
    baskets: int


def rfv_of(events: Iterable[Event], at: datetime) -> Rfv | None:
    """Returns the figures of one person's purchases up to `at`; None when there are none."""
    bought = [e for e in events if e.type is EventType.PURCHASE and e.time <= at]
    baskets = baskets_of(bought)
    if not baskets:
        return None
    months = max(age_in_days(baskets[0].time, at) / MONTH_DAYS, 1.0)
    spent = sum(e.value or 0.0 for e in bought)
    recency = age_in_days(baskets[-1].time, at)
    return Rfv(recency, len(baskets) / months, spent / len(baskets), len(baskets))
