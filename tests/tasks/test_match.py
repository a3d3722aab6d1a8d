"""Pairs come from baskets and from the catalogue's own words, in the measure asked for, the same for a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from tradewind.tasks.baskets import Baskets
from tradewind.tasks.catalogue_texts import catalogue_texts
from tradewind.tasks.match import among, kind_of, phrase_pairs, together_pairs, weighed_pairs

TEXTS = [f"text{number}" for number in range(6)]


def _baskets(rows: list[list[int]]) -> Baskets:
    ends = np.cumsum([0, *(len(row) for row in rows)])
    return Baskets(np.array([item for row in rows for item in row], dtype=np.int64), ends.astype(np.int64))


def test_only_things_of_one_basket_are_paired() -> None:
    bought = _baskets([[0, 1], [2, 3], [4]])
    catalogue = catalogue_texts(TEXTS, bought.popularity(6))
    pairs = together_pairs(catalogue, bought, 200, seed=1)
    assert {frozenset(pair) for pair in zip(pairs.anchors, pairs.passages, strict=True)} == {
        frozenset({"text0", "text1"}),
        frozenset({"text2", "text3"}),
    }
    assert pairs.role == "together" and len(pairs) == 200
    assert pairs.often[0] == Counter(pairs.passages)[pairs.passages[0]]


def test_small_baskets_and_what_stands_first_under_its_text_count_more() -> None:
    bought = _baskets([[0, 1], [2, 3, 4, 5]] * 50)
    catalogue = catalogue_texts(TEXTS, bought.popularity(6))
    left, right = weighed_pairs(catalogue, bought, 40_000, np.random.default_rng(1))
    # A line of two meets another half the time, one of four three times in four: 1 pair to 3, weighed 1/√2 to 3/√4.
    assert abs(np.isin(left, [0, 1]).mean() - 2**-0.5 / (2**-0.5 + 1.5)) < 0.02
    assert {frozenset(pair) for pair in zip(left.tolist(), right.tolist(), strict=True)} >= {frozenset({0, 1})}

    shared = catalogue_texts(["text0", *["text1"] * 5], np.array([5, 9, 8, 7, 6, 5]))
    spread = _baskets([[0, 1], [0, 5]] * 50)
    found = weighed_pairs(shared, spread, 40_000, np.random.default_rng(1))
    told = (found[0] == 0).sum() / (found[0] == 1).sum()
    assert abs(told - (1 + 5**-0.25) / 2) < 0.03


def test_weighing_by_lift_gives_rare_company_its_share() -> None:
    # text0 is in every basket; 4 and 5 are only ever bought together.
    bought = _baskets([[0, 1], [0, 2], [0, 3]] * 30 + [[0, 4, 5]] * 5)
    catalogue = catalogue_texts(TEXTS, bought.popularity(6))

    def share(lift: float) -> float:
        pairs = together_pairs(catalogue, bought, 4000, seed=2, lift=lift)
        return float(np.mean(["text0" in pair for pair in zip(pairs.anchors, pairs.passages, strict=True)]))

    assert share(1.0) < share(0.5) < share(0.0)


def test_the_same_seed_draws_the_same_pairs() -> None:
    bought = _baskets([[0, 1, 2], [1, 3]])
    catalogue = catalogue_texts(TEXTS, bought.popularity(6))
    first, second = (together_pairs(catalogue, bought, 30, seed=5) for _ in range(2))
    assert first.anchors == second.anchors and first.passages == second.passages


def test_a_shop_without_baskets_has_no_pairs() -> None:
    assert len(together_pairs(catalogue_texts(TEXTS, np.zeros(6, np.int64)), _baskets([]), 10, seed=1)) == 0


def test_a_short_run_reads_only_the_texts_it_is_given() -> None:
    bought = _baskets([[0, 1, 2], [3], [2, 4]])
    kept = among(catalogue_texts(TEXTS, bought.popularity(6)), bought, np.array([0, 2, 4]))
    assert [rows.tolist() for rows in kept] == [[0, 2], [], [2, 4]]


def test_phrases_say_a_kind_a_brand_or_an_attribute_of_the_item_they_find(make_items: Callable[..., pa.Table]) -> None:
    items = make_items(
        [
            {
                "id": "1",
                "title": "cat food, 3 kg",
                "category": "pets > cats",
                "brand": "Mia",
                "attributes": {"taste": "tuna"},
            },
            {"id": "2", "title": "洗发水, 400ml", "category": "个护 > 洗护", "brand": "清露"},
        ]
    )
    catalogue = catalogue_texts(["cat text", "zh text"], np.array([2, 1]))
    pairs = phrase_pairs(catalogue, items, 400, seed=3)
    said = {
        text: {a for a, p in zip(pairs.anchors, pairs.passages, strict=True) if p == text}
        for text in set(pairs.passages)
    }
    assert said["cat text"] == {"cats", "cat food", "Mia cats", "tuna cats"}
    assert said["zh text"] == {"洗护", "洗发水", "清露 洗护"}
    assert len(set(pairs.group.tolist())) == 2
    assert 120 < Counter(pairs.passages)["zh text"] < 280


def test_a_kind_is_the_category_or_the_title_without_its_numbers() -> None:
    assert kind_of("pets > cats", "whatever") == "pets > cats"
    assert kind_of(None, "Cat food, 3 kg") == kind_of("", "cat food 400 kg")
    assert kind_of(None, "123") == "123"
