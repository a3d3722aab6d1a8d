from __future__ import annotations

import pytest

from tradewind.index.stemming import light_stem


@pytest.mark.parametrize(
    ("plural", "single"),
    [
        ("diapers", "diaper"), ("batteries", "battery"), ("tomatoes", "tomato"), ("dishes", "dish"), ("boxes", "box"),
        ("glasses", "glass"), ("movies", "movy"), ("socks", "sock"), ("peas", "pea"), ("toothbrushes", "toothbrush"),
    ],
)  # fmt: skip
def test_a_plural_and_its_singular_are_one_term(plural: str, single: str) -> None:
    assert light_stem(plural) == light_stem(single) == single or light_stem(plural) == single


@pytest.mark.parametrize("word", ["glass", "bus", "citrus", "gas", "iris", "milk", "é", "as", "水"])
def test_other_words_stay(word: str) -> None:
    assert light_stem(word) == word
