"""Which old rows are learned again."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.training.continual.replay import replayed


@given(
    labels=st.lists(st.sampled_from("abcd"), max_size=60),
    new=st.integers(1, 60),
    share=st.floats(0, 0.9),
    seed=st.integers(0, 9),
)
def test_the_share_is_kept_no_row_comes_twice_and_labels_take_turns(
    labels: list[str], new: int, share: float, seed: int
) -> None:
    old = np.arange(100, 100 + len(labels))
    found = replayed(old, labels, new, share, seed)
    assert len(found) == min(len(old), round(new * share / (1 - share)))
    assert len(set(found.tolist())) == len(found) and set(found.tolist()) <= set(old.tolist())
    assert found.tolist() == replayed(old, labels, new, share, seed).tolist()
    had, taken = Counter(labels), Counter(labels[row - 100] for row in found)
    most = max(taken.values(), default=0)
    assert all(taken[label] >= min(had[label], most - 1) for label in had)
