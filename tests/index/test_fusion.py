from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.index.fusion import reciprocal_rank
from tradewind.index.hits import Hits

rankings = st.lists(st.lists(st.integers(0, 30), unique=True, max_size=12), max_size=4)


def hits(rows: list[int]) -> Hits:
    return Hits.of(rows, [1.0 / (at + 1) for at in range(len(rows))])


@given(rankings, st.floats(1, 100))
def test_scores_are_the_sum_of_reciprocal_ranks(lists: list[list[int]], k: float) -> None:
    fused = reciprocal_rank([hits(rows) for rows in lists], k)
    naive = {row: sum(1 / (k + rows.index(row) + 1) for rows in lists if row in rows) for rows in lists for row in rows}
    assert dict(zip(fused.rows.tolist(), fused.scores.tolist(), strict=True)) == pytest.approx(naive, rel=1e-6)
    assert np.all(np.diff(fused.scores) <= 0)


@given(rankings)
def test_renaming_rows_renames_the_result_and_changes_nothing_else(lists: list[list[int]]) -> None:
    fused = reciprocal_rank([hits(rows) for rows in lists])
    mirrored = reciprocal_rank([hits([100 - row for row in rows]) for rows in lists])
    assert mirrored.rows.tolist() == [100 - row for row in fused.rows.tolist()]


@given(st.lists(st.integers(0, 30), unique=True, max_size=12))
def test_one_ranking_keeps_its_order(rows: list[int]) -> None:
    assert reciprocal_rank([hits(rows), Hits.none()]).rows.tolist() == rows


def test_weights_multiply_and_must_be_as_many() -> None:
    fused = reciprocal_rank([hits([1, 2]), hits([2, 1])], weights=[2.0, 1.0])
    assert fused.rows.tolist() == [1, 2]
    with pytest.raises(ValueError, match="as many weights"):
        reciprocal_rank([hits([1])], weights=[1.0, 1.0])
