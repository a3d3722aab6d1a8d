"""A metric by slice, with its interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.evaluation.slices import language_of, parts_of, slice_of, sliced


def test_a_weak_slice_comes_first_and_its_interval_lies_below_the_whole() -> None:
    values = np.array([1.0] * 60 + [0.0, 1.0] * 20)
    found = sliced(values, {"language": ["en"] * 60 + ["zh"] * 40}, seed=13)
    assert [one.title for one in found] == ["language zh", "language en"]
    assert found[0].mean == 0.5
    assert found[0].high < values.mean() < found[1].low


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=40))
def test_slices_of_a_part_hold_every_row_once(values: list[float]) -> None:
    names = [str(place % 3) for place in range(len(values))]
    found = sliced(np.array(values), {"third": names}, seed=13, resamples=50)
    assert sum(one.rows for one in found) == len(values)
    assert sum(one.rows * one.mean for one in found) == pytest.approx(sum(values))
    assert all(one.low - 1e-9 <= one.mean <= one.high + 1e-9 for one in found)


def test_the_interval_of_many_rows_is_that_of_the_normal_approximation() -> None:
    values = (np.random.default_rng(1).random(2000) < 0.8).astype(float)
    found = slice_of(values, "all", "rows", seed=13)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)


def test_a_part_that_does_not_part_is_left_out() -> None:
    assert sliced(np.ones(4), {"language": ["en"] * 4}, seed=13) == ()


def test_rows_are_looked_at_by_language_label_frequency_and_length() -> None:
    learned = {"Food > Tea": 90, "Home > Cups": 8, "Home > Pots": 2}
    parts = parts_of(["tea", "a blue cup", "茶壶"], list(learned), learned)
    assert parts["language"] == ["en", "en", "zh"]
    assert parts["category"] == ["Food", "Home", "Home"]
    assert parts["frequency"] == ["head", "tail", "tail"]
    assert parts["length"] == ["3 characters", "over 3 characters", "up to 2 characters"]


@pytest.mark.parametrize(
    ("text", "language"), [("tea", "en"), ("绿茶", "zh"), ("绿茶 tea", "zh+en"), ("12 · 34", "other"), ("", "other")]
)
def test_a_text_is_in_the_language_of_its_letters(text: str, language: str) -> None:
    assert language_of(text) == language
