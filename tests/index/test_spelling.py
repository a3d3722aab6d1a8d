from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.index.spelling import Vocabulary, distance, write_vocabulary

KNOWN = {"yogurt": 40, "shampoo": 30, "spaghetti": 20, "detergent": 9, "milk": 50, "silk": 3, "food": 80, "洗发水": 5}


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    folder = tmp_path_factory.mktemp("vocabulary")
    write_vocabulary(folder, KNOWN)
    return Vocabulary(folder)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("yoghrt", "yogurt"), ("yogrut", "yogurt"), ("shampo", "shampoo"), ("spagetti", "spaghetti"),
        ("detregant", "detergent"), ("milc", "milk"), ("zzzzzz", None), ("mil", None), ("洗发露", None), ("1234", None),
    ],
)  # fmt: skip
def test_a_misspelt_word_is_read_as_the_nearest_known_one(vocabulary: Vocabulary, typed: str, meant: str) -> None:
    assert vocabulary.nearest(typed) == meant


def test_the_number_of_items_is_that_of_the_term(vocabulary: Vocabulary) -> None:
    assert [vocabulary.items(term) for term in ("milk", "洗发水", "nothing")] == [50, 5, 0]


def test_an_empty_catalogue_knows_no_word(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, {})
    assert Vocabulary(tmp_path).nearest("yoghrt") is None


words = st.text("abcd", max_size=7)


def naive(left: str, right: str) -> int:
    rows = [[max(i, j) if not i or not j else 0 for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i in range(1, len(left) + 1):
        for j in range(1, len(right) + 1):
            same = left[i - 1] == right[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (not same))
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(words, words, st.integers(0, 3))
def test_the_distance_is_the_textbook_one_up_to_the_limit(left: str, right: str, limit: int) -> None:
    assert min(distance(left, right, limit), limit + 1) == min(naive(left, right), limit + 1)
