"""Chinese searches over an English catalogue: what is learned, what is held out, and what counts as found."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.tasks.catalogue_texts import CatalogueTexts, catalogue_texts
from tradewind.tasks.query_check import JudgedQuery, QueryCheck
from tradewind.tasks.translations import (
    Glosses,
    Meaning,
    held_out_check,
    is_english,
    parted,
    translated,
    without_learned_words,
)

TEXTS = ["Frozen pizza. Frozen foods", "Frozen peas. Frozen foods", "Fresh pizza. Deli", "Dog food. Pets"]
WORDS = {"冷冻": "frozen", "披萨": "pizza", "豌豆": "peas", "新鲜": "fresh", "狗粮": "dog food", "茶": "tea"}


def _glosses(words: dict[str, str] = WORDS) -> Glosses:
    def stems(text: str) -> tuple[str, ...]:
        return tuple(text.lower().replace(".", " ").split())

    return Glosses(tuple(Meaning((chinese,), (english,)) for chinese, english in words.items()), stems)


def _catalogue(copies: int) -> CatalogueTexts:
    return catalogue_texts(TEXTS * copies, np.arange(len(TEXTS) * copies, dtype=np.int64))


def test_a_query_is_right_where_every_word_of_what_it_says_stands() -> None:
    found = translated(TEXTS, _glosses(), 40, 1)
    right = {query: set(map(int, rows)) for query, rows in zip(found.queries, found.right, strict=True)}
    assert right["冷冻"] == {0, 1} and right["披萨"] == {0, 2} and right["狗粮"] == {3} and right["茶"] == set()
    assert right["冷冻披萨"] == {0} and right["新鲜披萨"] == {2}
    assert "披萨冷冻" not in right, "the words stand in the order of the text"
    assert dict(zip(found.queries, found.said, strict=True))["冷冻披萨"] == "frozen pizza"


def test_the_same_seed_composes_the_same_queries() -> None:
    one, two, other = (translated(TEXTS, _glosses(), 40, seed).queries for seed in (1, 1, 2))
    assert one == two != other


def test_no_learned_word_is_held_out_or_holds_one_that_is() -> None:
    words = {f"词{chr(0x4E00 + n)}": f"word{n}" for n in range(200)}
    words |= {f"大{word}": f"large {english}" for word, english in words.items()}
    learned, held = parted(_glosses(words))
    known = {word for meaning in learned.meanings for word in meaning.chinese}
    unknown = {word for meaning in held.meanings for word in meaning.chinese}
    assert 0.1 < len(unknown) / len(words) < 0.3 and known
    assert not any(part in word for word in known for part in unknown)
    assert parted(_glosses(words))[1].meanings == held.meanings


def test_a_held_out_word_counts_items_and_needs_enough_of_them() -> None:
    check = held_out_check(_catalogue(12), _glosses())
    assert check is not None
    right = {query.query: rows.sum() for query, rows in zip(check.queries, check.right, strict=True)}
    assert right == {"冷冻": 24, "披萨": 24}, "peas, fresh and dog food have twelve items each, tea has none"
    assert held_out_check(_catalogue(2), _glosses()) is None


def test_a_query_with_a_learned_word_in_it_is_not_apart() -> None:
    queries = (("冷冻披萨", "zh"), ("洗发水", "zh"), ("pizza", "en"))
    judged = tuple(JudgedQuery(query=query, right=["x"], language=language) for query, language in queries)
    check = QueryCheck(_catalogue(1), judged, tuple(np.full(4, number == 1) for number in range(3)))
    apart = without_learned_words(check, _glosses())
    assert [query.query for query in apart.queries] == ["洗发水"] and apart.right[0].all()


@pytest.mark.parametrize("texts", [["冷冻披萨", "Frozen pizza"], ["冷冻豌豆"]])
def test_a_catalogue_with_chinese_texts_learns_no_way_round_through_english(texts: list[str]) -> None:
    assert not is_english(texts)
    assert len(translated(texts, _glosses(), 10, 1)) == 0
    assert held_out_check(catalogue_texts(texts * 30, np.zeros(30 * len(texts), np.int64)), _glosses()) is None


def test_without_meanings_there_is_nothing_to_learn() -> None:
    assert len(translated(TEXTS, _glosses({}), 10, 1)) == 0
