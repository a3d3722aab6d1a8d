"""The same amount is the same quantity, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.tasks.describe.quantities import quantities


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.5升", "1500 ml"),
        ("0.6 litres", "600毫升"),
        ("2公斤", "2,000 g"),
        ("四只装", "set of 4"),
        ("十二件套", "12 pieces"),
        ("二十只", "twenty"),
        ("8 inch", "8寸"),
        ("20000毫安", "20,000 mAh"),
    ],
)
def test_one_amount_in_two_ways_is_one_measure(one: str, other: str) -> None:
    assert [found.measure for found in quantities(one)] == [found.measure for found in quantities(other)]


@pytest.mark.parametrize("text", ["十分好用", "三文鱼", "五香牛肉", "万一", "一样", "A5", "X2", "someone", "USB-C", ""])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert quantities(text) == []


def test_a_preposition_is_no_inch() -> None:
    assert [(one.kind, one.value) for one in quantities("12 in a box, 8 in.")] == [(None, 12.0), ("length", 8 * 25.4)]


@given(st.text(max_size=80))
def test_any_text_is_read_and_every_quantity_stands_where_it_says(text: str) -> None:
    for found in quantities(text):
        assert found.text in text[found.start : found.end]
