"""Quantised weights come back close, whatever they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tradewind.compression.linear import ACTIVATION_LEVELS, WEIGHT_LEVELS, ZERO, quantised_along

weights = arrays(np.float32, (5, 4), elements=st.floats(-1e3, 1e3, width=32))


@given(weight=weights, axis=st.sampled_from([0, 1]), levels=st.sampled_from([63, 127]))
def test_a_weight_comes_back_within_half_a_step_of_its_own_scale(weight: np.ndarray, axis: int, levels: int) -> None:
    quantised, scale = quantised_along(weight, axis, levels)
    assert quantised.dtype == np.int8
    assert np.abs(quantised.astype(np.int16)).max() <= levels
    assert (np.abs(quantised * scale - weight) <= scale * 0.5001).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_column_of_zeros_stays_zero(axis: int) -> None:
    quantised, scale = quantised_along(np.zeros((3, 3), np.float32), axis, 63)
    assert not quantised.any()
    assert np.isfinite(scale).all()


def test_two_products_of_the_largest_factors_fit_into_sixteen_bits() -> None:
    """What a processor without VNNI adds up before it widens; beyond it would saturate without a word."""
    assert 2 * (ZERO + ACTIVATION_LEVELS) * WEIGHT_LEVELS < 2**15
