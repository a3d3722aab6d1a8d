"""Features of candidates: words, numbers, brands and prices, and how a candidate stands in its list."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.tasks.rank.features import Candidates, feature_names, features, standing
from tradewind.tasks.rank.fields import ItemFields, numbers, stems

ITEMS = (
    ItemFields("Acme whole milk 2 l", "fresh", "Acme", price=1.0),
    ItemFields("Bolt milk frother", "for milk", "Bolt", price=30.0),
    ItemFields("Acme batteries", brand="Acme"),
)
BRANDS = frozenset({"acme", "bolt"})


def table(query: str) -> dict[str, list[float]]:
    found = features(Candidates(query, ITEMS, {"cosine": np.array([0.9, 0.5, 0.1])}), BRANDS)
    names = feature_names(["cosine"])
    assert found.shape == (3, len(names))
    assert np.isfinite(found).all()
    return {name: found[:, place].tolist() for place, name in enumerate(names)}


def test_plural_and_singular_are_one_word_and_short_words_are_left_alone() -> None:
    assert stems("Batteries GPS glass mice 电池组") == ["battery", "gps", "glass", "mice", "电池", "池组"]


def test_a_decimal_comma_is_a_point() -> None:
    assert numbers("2,5 l or 2.5 l, 12 pcs") == {"2.5", "12"}


def test_words_numbers_and_brands_of_the_query_are_found() -> None:
    found = table("acme milk 2")
    assert found["share_of_query_in_title"] == pytest.approx([1.0, 1 / 3, 1 / 3])
    assert found["share_of_numbers"] == [1.0, 0.0, 0.0]
    assert found["is_named_brand"] == [1.0, 0.0, 1.0]
    assert found["is_other_than_named_brand"] == [0.0, 1.0, 0.0]


def test_a_phrase_counts_only_in_its_order() -> None:
    assert table("whole milk")["phrase_in_title"] == [1.0, 0.0, 0.0]
    assert table("milk whole")["phrase_in_title"] == [0.0, 0.0, 0.0]


def test_scores_stand_beside_their_distance_to_the_best_and_their_place_in_the_list() -> None:
    found = table("milk")
    assert found["cosine_below_best"] == pytest.approx([0.0, -0.4, -0.8])
    assert found["cosine_among_candidates"] == pytest.approx(standing(np.array([0.9, 0.5, 0.1])).tolist())


def test_an_unknown_price_is_neither_high_nor_low() -> None:
    found = table("milk")
    assert found["price_among_candidates"][2] == 0.0
    assert found["log_price"][2] == -1.0
    assert found["price_among_candidates"][0] < 0 < found["price_among_candidates"][1]


def test_a_query_without_words_and_a_list_without_items_are_no_error() -> None:
    assert table("!?")["share_of_query_in_title"] == [0.0, 0.0, 0.0]
    assert features(Candidates("milk", (), {"cosine": np.zeros(0)})).shape == (0, len(feature_names(["cosine"])))
