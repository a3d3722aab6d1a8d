from __future__ import annotations

from tradewind.engine.words import words_of


def test_words_are_stemmed_as_the_index_stems_them() -> None:
    assert words_of("Frozen Pizzas").stems == words_of("frozen pizza").stems


def test_chinese_can_be_looked_for_anywhere() -> None:
    assert "披萨" in words_of("冷冻披萨 大号").folded
