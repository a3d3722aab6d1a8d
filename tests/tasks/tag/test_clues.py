"""Clues: what surrounds a unit, its word, and names seen elsewhere."""

from __future__ import annotations

import numpy as np

from tradewind.tasks.tag.clues import Names, hashed, neighbours, words_around
from tradewind.tasks.tag.entities import Entity, TaggedText
from tradewind.tasks.tag.units import units_of

MILK = TaggedText("Acme牛奶", (Entity(0, 4, "brand"), Entity(4, 6, "product")))


def test_every_unit_has_the_same_kinds_of_neighbour_clues_at_the_edges_too() -> None:
    clues = neighbours(MILK.text, units_of(MILK.text))
    assert len(clues) == 3
    assert {len(unit) for unit in clues} == {len(clues[0])}
    assert "1acme" in clues[1]


def test_a_unit_knows_its_word_and_its_place_in_it() -> None:
    clues = words_around(lambda text: [text[:4], text[4:]])(MILK.text, units_of(MILK.text))
    assert "wB牛奶" in clues[1]
    assert "wE牛奶" in clues[2]
    assert "aBacme" not in clues[1]
    assert "bBacme" in clues[1]


def test_a_cut_that_does_not_give_the_text_back_falls_to_characters() -> None:
    clues = words_around(lambda text: [text[:2]])(MILK.text, units_of(MILK.text))
    assert "wB牛" in clues[1]


def test_a_name_is_no_clue_in_the_only_text_that_named_it() -> None:
    names = Names([MILK])
    assert names(MILK.text, units_of(MILK.text)) == [[], [], []]
    other = names("喝牛奶", units_of("喝牛奶"))
    assert other[0] == []
    assert any(clue.startswith("nBpr") for clue in other[1])


def test_the_longest_name_that_covers_a_unit_is_told() -> None:
    names = Names([TaggedText("有机牛奶", (Entity(0, 4, "product"),)), MILK])
    clues = names("有机牛奶", units_of("有机牛奶"))
    assert any(clue.startswith("mBpr") and clue.endswith("1") for clue in clues[2])


def test_hashes_are_alike_in_every_run_and_below_their_size() -> None:
    first, second = (hashed([neighbours], MILK.text, 10) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert max(int(row.max()) for row in first) < 1024
