from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.index.analysis import MAX_TOKENS, Analyser, fold, gram_query, grams
from tradewind.index.segmentation import Segmenter

analyser = Analyser()


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Kellogg's Crème BRÛLÉE", ["kelloggs", "creme", "brulee"]),
        ("12oz Coca-Cola 1.5L", ["12", "oz", "coca", "cola", "1.5", "l"]),
        ("Ｆｕｌｌｗｉｄｔｈ　Ｂoxes", ["fullwidth", "box"]),
        ("Straße", ["strasse"]),
        ("😀 -- \x00 ()", []),
    ],
)
def test_text_is_folded_cut_and_stemmed(text: str, terms: list[str]) -> None:
    assert list(analyser.terms(text)) == ["kellogg" if term == "kelloggs" else term for term in terms]


def test_chinese_is_cut_into_words_with_the_shorter_ones_inside() -> None:
    assert set(analyser.terms("清爽洗发水500ml")) >= {"清爽", "洗发水", "洗发", "500", "ml"}


def test_the_shops_own_words_are_kept_whole() -> None:
    assert "幼猫粮" in Analyser(Segmenter(["幼猫粮"])).terms("全价幼猫粮")
    assert "幼猫粮" not in analyser.terms("全价幼猫粮")


def test_stop_words_go_unless_there_is_nothing_else() -> None:
    assert [token.term for token in analyser.query("food for the cat")] == ["food", "cat"]
    assert [token.term for token in analyser.query("the")] == ["the"]


def test_grams_of_a_word_are_among_those_of_every_text_that_holds_it() -> None:
    assert set(gram_query("猫粮")) <= set(grams("全价幼猫粮 cat"))
    assert set(gram_query("猫")) <= set(grams("幼猫粮"))


@given(st.text(max_size=300))
def test_any_text_gives_terms_that_can_be_stored(text: str) -> None:
    for term in analyser.terms(text):
        assert term
        assert not any(char.isspace() or char == "\x00" for char in term)
        term.encode("utf-8")
    assert len(analyser.query(text)) <= MAX_TOKENS


@given(st.text(max_size=60))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
