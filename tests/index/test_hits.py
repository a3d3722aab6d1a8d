from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.index.hits import Hits, best

scored = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 10**6)), max_size=30, unique_by=lambda pair: pair[1])


@given(scored, st.integers(-1, 40))
def test_the_best_are_the_highest_scores_and_equal_ones_by_standing(pairs: list[tuple[int, int]], k: int) -> None:
    rows = np.arange(len(pairs), dtype=np.int64)
    scores = np.asarray([score for score, _ in pairs], dtype=np.float32)
    standing = np.asarray([place for _, place in pairs], dtype=np.int64)
    expected = sorted(range(len(pairs)), key=lambda at: (-pairs[at][0], pairs[at][1]))[: max(k, 0)]
    assert best(rows, scores, standing, k).rows.tolist() == expected


def test_the_top_of_hits_is_their_beginning() -> None:
    hits = Hits.of([3, 1, 2], [3.0, 2.0, 1.0])
    assert hits.top(2).rows.tolist() == [3, 1]
    assert hits.top(9) is hits
    assert len(hits.top(-1)) == len(Hits.none()) == 0
