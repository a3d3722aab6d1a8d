from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.features.recency import age_in_days, decay, decayed_counts

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_half_is_left_after_one_half_life_and_a_quarter_after_two() -> None:
    assert decay(30, half_life_days=30) == 0.5
    assert decay(60, half_life_days=30) == 0.25


def test_the_future_counts_as_now() -> None:
    assert decay(-5, half_life_days=30) == 1.0


def test_age_is_in_days_and_negative_for_what_comes_later() -> None:
    assert age_in_days(NOON - timedelta(hours=36), NOON) == 1.5
    assert age_in_days(NOON + timedelta(days=1), NOON) == -1.0


def test_counts_add_up_per_item_each_with_its_own_age() -> None:
    happened = [("milk", NOON - timedelta(days=10), 1.0), ("milk", NOON, 2.0), ("tea", NOON - timedelta(days=20), 4.0)]
    assert decayed_counts(happened, NOON, half_life_days=10) == {"milk": 2.5, "tea": 1.0}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400), st.floats(0.1, 9)), min_size=1))
def test_the_order_of_items_does_not_depend_on_when_one_looks(happened: list[tuple[str, int, float]]) -> None:
    logged = [(item, NOON - timedelta(days=age), weight) for item, age, weight in happened]
    now, later = (decayed_counts(logged, NOON + timedelta(days=days), 45.0) for days in (0, 90))
    assert {item: later[item] * 4 for item in later} == pytest.approx(now)
