"""Quantised weights come back close, whatever they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tradewind.compression.linear import quantised_along

weights = arrays(np.float32, (5, 4), elements=st.floats(-1e3, 1e3, width=32))


@given(weight=weights, axis=st.sampled_from([0, 1]))
def test_a_weight_comes_back_within_half_a_step_of_its_own_scale(weight: np.ndarray, axis: int) -> None:
    quantised, scale = quantised_along(weight, axis)
    assert quantised.dtype == np.int8
    assert np.abs(quantised.astype(np.int16)).max() <= 127
    assert (np.abs(quantised * scale - weight) <= scale * 0.5001).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_column_of_zeros_stays_zero(axis: int) -> None:
    quantised, scale = quantised_along(np.zeros((3, 3), np.float32), axis)
    assert not quantised.any()
    assert np.isfinite(scale).all()
