from __future__ import annotations

import pytest

from tradewind.index.analysis import Analyser, gram_query
from tradewind.index.understanding import Interpreter, Understanding

KNOWN = {"milk", "tooth", "paste", "yogurt", "洗发水", "洗发", "猫", "粮"}
GRAMS = {gram for word in ("洗发水", "幼猫粮") for gram in (*word, *gram_query(word))}


@pytest.fixture(scope="module")
def interpreter() -> Interpreter:
    return Interpreter(Analyser(), KNOWN.__contains__, GRAMS.__contains__, {"yoghrt": "yogurt"}.get)


@pytest.mark.parametrize(
    ("query", "terms", "corrections", "dropped"),
    [
        ("milk", [["milk"]], (), ()),
        ("yoghrt", [["yogurt"]], (("yoghrt", "yogurt"),), ()),
        ("toothpaste milk", [["tooth", "paste"], ["milk"]], (("toothpaste", "tooth paste"),), ()),
        ("qqqqq milk", [["milk"]], (), ("qqqqq",)),
        ("洗发水", [["洗发水", "洗发"]], (), ()),
        ("鲸鱼", [], (), ("鲸鱼",)),
        ("", [], (), ()),
    ],
)
def test_words_are_known_corrected_split_or_dropped(
    interpreter: Interpreter,
    query: str,
    terms: list[list[str]],
    corrections: tuple[tuple[str, str], ...],
    dropped: tuple[str, ...],
) -> None:
    read: Understanding = interpreter.read(query)
    assert [[term for term, _ in unit.terms] for unit in read.units] == terms
    assert read.corrections == corrections
    assert read.dropped == dropped


def test_a_chinese_word_is_also_found_by_its_pairs_when_all_are_known(interpreter: Interpreter) -> None:
    assert interpreter.read("猫粮").units[0].grams
    assert interpreter.read("洗发水").units[0].grams == ("洗发", "发水")
