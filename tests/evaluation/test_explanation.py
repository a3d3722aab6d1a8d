"""An explanation as values and as a page."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.evaluation.explanation import Explanation, WordWeight


def explanation(text: str, words: tuple[WordWeight, ...]) -> Explanation:
    return Explanation("aisle", "v1", "occlusion", "probability", "Tea > Red", text, 0.9, 0.2, words)


TEA = explanation("好喝的红茶 <hot>", (WordWeight(0, 3, "好喝的", -0.1), WordWeight(3, 5, "红茶", 0.6)))


def test_what_the_weights_leave_over_is_the_delta() -> None:
    assert TEA.delta == pytest.approx(0.9 - 0.2 - 0.5)
    assert TEA.as_json()["delta"] == TEA.delta


def test_the_page_joins_chinese_without_spaces_and_escapes() -> None:
    page = TEA.as_html()
    line = re.search(r"<p class='text'>(.*?)</p>", page)
    assert line
    assert re.sub(r"<[^>]*>", "", line[1]) == "好喝的红茶 &lt;hot&gt;"
    assert "<mark class='against'" in page
    assert "蓝色支持该答案" in page
    assert "left over" in page


def test_the_largest_weight_has_the_full_colour() -> None:
    assert "rgba(11,110,143,0.60)" in TEA.as_html()
    assert "rgba(200,85,61,0.10)" in TEA.as_html()
    assert [one.word for one in TEA.strongest()] == ["红茶", "好喝的"]


@given(st.text(max_size=30), st.lists(st.integers(0, 30), max_size=8))
def test_the_pieces_are_the_text(text: str, cuts: list[int]) -> None:
    edges = sorted({cut for cut in cuts if cut <= len(text)})
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    words = tuple(WordWeight(start, end, text[start:end], 1.0) for start, end in spans)
    assert "".join(piece for piece, _ in explanation(text, words).pieces()) == text
