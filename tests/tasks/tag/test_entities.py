"""Entities and labels say the same thing, in both languages, at any cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.tasks.tag.entities import Entity, TaggedText, entities_of, kinds_of, label_names, labels_of
from tradewind.tasks.tag.units import in_windows, units_of, windows_of

KINDS = ("brand", "product")
TEXT = TaggedText("美的电饭煲30克 Acme milk", (Entity(0, 2, "brand"), Entity(2, 5, "product"), Entity(9, 13, "brand")))


def test_units_are_single_chinese_characters_whole_words_and_whole_numbers() -> None:
    assert [TEXT.text[a:b] for a, b in units_of(TEXT.text)] == [*"美的电饭煲", "30", "克", "Acme", "milk"]


def test_full_width_letters_and_spaces_keep_their_offsets() -> None:
    text = "ＡＢＣ　１２ x"
    assert [text[a:b] for a, b in units_of(text)] == ["ＡＢＣ", "１２", "x"]


def test_two_entities_that_touch_stay_two() -> None:
    units = units_of(TEXT.text)
    labels = labels_of(TEXT, units, KINDS)
    assert [label_names(KINDS)[label] for label in labels[:5]] == ["B-brand", "I-brand", "B-product"] + [
        "I-product"
    ] * 2
    assert entities_of(labels, units, KINDS) == TEXT.entities


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["", *KINDS])), max_size=8))
def test_labels_spell_the_entities_that_they_were_made_from(parts: list[tuple[int, str]]) -> None:
    text, entities = "", []
    for size, kind in parts:
        if kind:
            entities.append(Entity(len(text), len(text) + size, kind))
        text += "字" * size
    made = TaggedText(text, tuple(entities))
    units = units_of(text)
    assert entities_of(labels_of(made, units, KINDS), units, KINDS) == made.entities


def test_kinds_are_those_that_occur() -> None:
    assert kinds_of([TEXT]) == KINDS


def test_an_unknown_kind_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(DataError, match="known: product"):
        labels_of(TEXT, units_of(TEXT.text), ("product",))


@pytest.mark.parametrize("entities", [(Entity(0, 9, "brand"),), (Entity(0, 2, "brand"), Entity(1, 3, "brand"))])
def test_entities_outside_the_text_or_over_one_another_are_refused(entities: tuple[Entity, ...]) -> None:
    with pytest.raises(DataError, match="does not fit"):
        TaggedText("four", entities)


@given(st.text("字a 1,，", max_size=60), st.integers(1, 9))
def test_windows_lose_no_unit_and_are_no_longer_than_asked(text: str, longest: int) -> None:
    windows = windows_of(text, longest)
    assert sum(len(units_of(text[start:end])) for start, end in windows) == len(units_of(text))
    assert all(len(units_of(text[start:end])) <= longest for start, end in windows)


def test_a_window_is_cut_at_punctuation_and_keeps_its_entities() -> None:
    text = TaggedText("美的电饭煲，苏泊尔锅", (Entity(0, 2, "brand"), Entity(6, 9, "brand")))
    assert [part.named() for part in in_windows(text, 8)] == [[("美的", "brand")], [("苏泊尔", "brand")]]
