"""No text that may be right becomes a negative, whatever the vectors say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.tasks.baskets import Baskets
from tradewind.tasks.catalogue_texts import catalogue_texts
from tradewind.tasks.hard_negatives import NONE, Grounds, Sought, grounds, mined, siblings
from tradewind.tasks.shared_baskets import shared_baskets

MILK, CREAM, BREAD, ROLLS, SOAP, LONER = range(6)
ROWS = [
    ("milk", "Food > Dairy > Milk"),
    ("cream", "Food > Dairy > Cream"),
    ("bread", "Food > Bakery > Bread"),
    ("rolls", "Food > Bakery > Rolls"),
    ("soap", "Care > Bath > Soap"),
    ("loner", None),
]


def _grounds(*baskets: list[int]) -> Grounds:
    items = pa.table({"title": [title for title, _ in ROWS], "category": [path for _, path in ROWS]})
    catalogue = catalogue_texts([title for title, _ in ROWS], np.zeros(len(ROWS), np.int64))
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in baskets])]).astype(np.int64)
    bought = Baskets(np.array([row for rows in baskets for row in rows], dtype=np.int64), starts)
    return grounds(items, catalogue, shared_baskets(catalogue, bought), len(baskets))


def _sought(anchor: int, right: int) -> Sought:
    return Sought(np.array([anchor]), np.array([right]))


def test_near_texts_are_negatives_only_where_chance_would_have_brought_them_together() -> None:
    # Milk and cream sell in three baskets of four each and never meet but for bread; soap sold once is no evidence.
    found = _grounds([MILK, BREAD], [MILK], [CREAM], [CREAM, SOAP])
    near = np.array([[1.0, 0.9, 0.8, 0.7, 0.6, 0.5]], dtype=np.float32)
    assert mined(found, _sought(MILK, BREAD), near, 3, 0.95).tolist() == [[CREAM, NONE, NONE]]


def test_what_is_as_near_as_the_right_text_may_be_right_and_is_left_out() -> None:
    near = np.array([[0.9, 0.88, 0.7, 0.6, 0.2, np.nan]], dtype=np.float32)
    phrase = _sought(NONE, MILK)
    assert mined(_grounds([MILK]), phrase, near, 3, 0.95).tolist() == [[BREAD, ROLLS, SOAP]]
    assert mined(_grounds([MILK]), phrase, near, 2, 1.0).tolist() == [[CREAM, BREAD]]


def test_siblings_come_from_beside_and_never_from_what_was_bought_with_the_anchor() -> None:
    found = _grounds([MILK, BREAD])
    assert siblings(found, _sought(NONE, MILK), 2, 1).tolist() == [[CREAM, NONE]]
    assert siblings(found, _sought(MILK, ROLLS), 1, 1).tolist() == [[NONE]], "bread was bought with milk"
    assert siblings(found, _sought(NONE, LONER), 1, 1).tolist() == [[NONE]], "no category, no siblings"


@given(
    st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4, unique=True), min_size=1, max_size=10),
    st.integers(0, 5),
    st.integers(0, 5),
    st.lists(st.floats(-1, 1, width=32), min_size=6, max_size=6),
)
@settings(max_examples=150, deadline=None)
def test_nothing_that_was_bought_with_the_anchor_is_ever_a_negative_of_it(
    baskets: list[list[int]], anchor: int, right: int, near: list[float]
) -> None:
    found, sought = _grounds(*baskets), _sought(anchor, right)
    company = {text for basket in baskets if anchor in basket for text in basket} | {anchor}
    taken = mined(found, sought, np.array([near], np.float32), 4, 1.0)[0].tolist()
    taken += siblings(found, sought, 4, 7)[0].tolist()
    assert company.isdisjoint(taken)
