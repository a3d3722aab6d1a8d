"""What the clock says of baskets."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.data.features.basket_times import TIME_FEATURES, basket_times


def test_a_gap_is_counted_in_days_and_the_first_is_a_week():
    found = basket_times(np.array([100.0, 103.0, 103.0]), np.array([1, 2, 4]))
    assert found.shape == (3, len(TIME_FEATURES))
    assert np.expm1(found[:, 0]) == pytest.approx([7.0, 3.0, 0.0], abs=1e-5)
    assert np.exp(found[:, 1]) == pytest.approx([1, 2, 4])


def test_the_same_weekday_looks_the_same():
    found = basket_times(np.array([100.25, 107.25, 108.25]), np.array([1, 1, 1]))
    assert found[0, 2:] == pytest.approx(found[1, 2:], abs=1e-5)
    assert not np.allclose(found[1, 2:], found[2, 2:], atol=1e-2)
