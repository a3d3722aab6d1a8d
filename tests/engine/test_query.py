from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tradewind.engine.query import normalise


def test_wide_letters_become_narrow_and_spaces_single() -> None:
    assert normalise(" ＦＲＯＺＥＮ\t  pizza\n") == "FROZEN pizza"


def test_nul_separates_and_lone_surrogates_and_invisible_marks_go() -> None:
    assert normalise("cat\x00food") == "cat food"
    assert normalise("cat\ud800 fo\u200bod") == "cat food"


def test_what_holds_no_letter_and_no_digit_is_nothing_to_match() -> None:
    assert [normalise(text) for text in ("🍕🍕", "!!!", "\ud83c", "  ", "")] == [""] * 5


def test_chinese_stays_and_emoji_beside_words_stay_too() -> None:
    assert normalise("洗发水") == "洗发水"
    assert normalise("🍕 pizza") == "🍕 pizza"


@given(st.text(st.characters(), max_size=60))
def test_normalising_twice_changes_nothing_and_the_result_is_utf8(text: str) -> None:
    once = normalise(text)
    once.encode("utf-8")
    assert normalise(once) == once
