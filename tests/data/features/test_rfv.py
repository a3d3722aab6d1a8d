from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tradewind.data.features.rfv import rfv_of
from tradewind.data.records import Event, EventType

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def bought(number: int, days: float, basket: str, value: float | None) -> Event:
    return Event(f"e{number}", EventType.PURCHASE, NOON + timedelta(days=days), item="i", basket=basket, value=value)


def test_lines_of_a_basket_count_once_and_what_is_later_not_at_all() -> None:
    log = [bought(1, -60, "a", 4.0), bought(2, -60, "a", 6.0), bought(3, -15, "b", None), bought(4, 1, "c", 99.0)]
    found = rfv_of(log, NOON)
    assert found is not None
    assert (found.recency_days, found.baskets_a_month, found.value, found.baskets) == (15.0, 1.0, 5.0, 2)


def test_a_newcomer_is_not_a_daily_buyer_and_nobody_has_no_figures() -> None:
    found = rfv_of([bought(1, -1, "a", 4.0)], NOON)
    assert found is not None and found.baskets_a_month == 1.0
    assert rfv_of([], NOON) is None and rfv_of([bought(1, 1, "a", 4.0)], NOON) is None
    assert found.value == pytest.approx(4.0)
