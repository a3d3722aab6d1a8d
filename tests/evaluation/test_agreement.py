"""Agreement is whole for the same order, reversed for the reverse, and counts who stays among the first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.evaluation.agreement import first_overlap, rank_correlation


@given(seed=st.integers(0, 1000), rows=st.integers(1, 5), columns=st.integers(2, 20))
def test_rank_correlation_is_one_for_the_same_order_and_minus_one_for_the_reverse(
    seed: int, rows: int, columns: int
) -> None:
    scores = np.random.default_rng(seed).permuted(np.tile(np.arange(columns, dtype=float), (rows, 1)), axis=1)
    assert rank_correlation(scores, np.exp(scores / 10)) == pytest.approx(1.0)
    assert rank_correlation(scores, -scores) == pytest.approx(-1.0)


def test_overlap_counts_what_stayed_among_the_first() -> None:
    before = np.array([[9.0, 8.0, 7.0, 1.0, 0.0]])
    after = np.array([[9.0, 1.0, 7.0, 8.0, 0.0]])
    assert first_overlap(before, after, 2) == 0.5
    assert first_overlap(before, after, 99) == 1.0
