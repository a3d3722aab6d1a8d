"""Where the words of a text lie."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tradewind.engine.explaining import word_spans
from tradewind.index.segmentation import Segmenter

CUT = Segmenter().cut


def test_chinese_is_parted_into_words_and_signs_stand_alone() -> None:
    text = "好喝的红茶, don't 2-in-1 tea!"
    assert [text[start:end] for start, end in word_spans(text, CUT)] == [
        *("好喝", "的", "红茶", ",", "don't", "2-in-1", "tea", "!")
    ]


@given(st.text(max_size=60))
def test_words_lie_in_order_and_leave_out_only_spaces(text: str) -> None:
    spans = word_spans(text, CUT)
    held = {place for start, end in spans for place in range(start, end)}
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    assert all(text[place].isspace() for place in set(range(len(text))) - held)
