from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import NotFoundError, RequestError
from tradewind.index.catalogue import Catalogue
from tradewind.index.filters import Filters


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("yoghrt", "Yogurt"), ("frozen pizzas", "Frozen pizza"), ("spagetti", "Spaghetti"),
        ("frozenpizza", "Frozen pizza"), ("洗发水", "洗发水"), ("猫粮", "幼猫粮"), ("橙汁", "橙汁"),
        ("冷冻 披萨", "冷冻披萨"), ("food for the cat", "Cat food"),
        ("ＣＡＴ　ＦＯＯＤ", "Cat food"), ('"cat" AND food*', "Cat food"),
    ],
)  # fmt: skip
def test_a_query_finds_things_of_its_kind(catalogue: Catalogue, query: str, word: str) -> None:
    view = catalogue.view()
    found = view.items(view.lexical(query, 10).rows)
    assert len(found) == 10
    assert all(word in item.title for item in found)


@pytest.mark.parametrize(
    "query",
    [
        "", " ", "😀😀😀", "\x00", "a\x00b", "\ud800 milk", "x" * 100_000, "milk " * 20_000, "水" * 100_000, "((((",
        "title:", "*", "a b " * 50, "'; DROP TABLE", "\u202e\u0301", "-" * 5000,
    ],
)  # fmt: skip
def test_a_hostile_query_neither_raises_nor_takes_long(catalogue: Catalogue, query: str) -> None:
    view = catalogue.view()
    started = time.process_time()
    view.lexical(query, 100)
    view.complete(query, 10)
    assert time.process_time() - started < 0.5


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.integers(-1, 700))
def test_any_query_gives_ordered_rows_of_the_catalogue(catalogue: Catalogue, query: str, k: int) -> None:
    hits = catalogue.view().lexical(query, k)
    assert len(hits) <= max(k, 0)
    assert len(set(hits.rows.tolist())) == len(hits)
    order = sorted(range(len(hits)), key=lambda at: (-hits.scores[at], hits.rows[at]))
    assert order == list(range(len(hits)))


def test_every_word_must_match_unless_too_few_items_have_them_all(catalogue: Catalogue) -> None:
    view = catalogue.view()
    strict = view.items(view.lexical("organic milk", 300).rows)
    assert strict
    assert all("organic" in item.title and "milk" in item.title for item in strict)
    loose = view.lexical("organic pepperoni", 300)
    assert len(loose) > 10


def test_equal_scores_stand_in_the_order_of_popularity_and_then_of_id(catalogue: Catalogue) -> None:
    view = catalogue.view()
    hits = view.lexical("pizza", 300)
    popularity = view.popularity(hits.rows)
    keys = [
        (-score, -wanted, item.id)
        for score, wanted, item in zip(hits.scores.tolist(), popularity.tolist(), view.items(hits.rows), strict=True)
    ]
    assert keys == sorted(keys)


def test_filters_work_inside_both_retrievals(catalogue: Catalogue, tools: Any) -> None:
    view = catalogue.view()
    asked = Filters(
        {"category": ("Grocery > Dairy",), "brand": ("Alder",)}, price_min=2.0, price_max=25.0, in_stock=True
    )
    allowed = set(view.select(asked).tolist())
    assert allowed
    assert set(view.vector(tools.vector("pepperoni Frozen pizza"), 600, asked).rows.tolist()) == allowed
    milk = view.lexical("milk", 600, asked).rows.tolist()
    assert set(milk) == {row for row in allowed if "milk" in view.item(row).title}
    nobody = Filters({"brand": ("nobody",)})
    assert len(view.lexical("milk", 9, nobody)) == len(view.vector(tools.vector("milk"), 9, nobody)) == 0


def test_a_filter_or_facet_that_is_not_there_is_refused(catalogue: Catalogue, tools: Any) -> None:
    view, asked = catalogue.view(), Filters({"weight": ("1",)})
    for call in (
        lambda: view.lexical("milk", 5, asked),
        lambda: view.vector(tools.vector("milk"), 5, asked),
        lambda: view.matching(asked),
        lambda: view.facets(np.zeros(0, dtype=np.int64), ["weight"]),
    ):
        with pytest.raises(RequestError, match="weight"):
            call()


def test_facets_of_found_rows_are_exact_and_can_be_cut(catalogue: Catalogue) -> None:
    view = catalogue.view()
    rows = view.lexical("pizza", 400).rows
    brands = view.facets(rows, ["brand"])["brand"]
    assert sum(each.count for each in brands) == sum(item.brand is not None for item in view.items(rows))
    assert view.facets(rows, ["brand"], limit=2)["brand"] == brands[:2]


def test_what_few_people_typed_is_never_offered(catalogue: Catalogue) -> None:
    view = catalogue.view()
    assert view.complete("priv", 5) == []
    first = view.complete("frozen", 5)[0]
    assert (first.text, first.kind, first.count) == ("frozen pizza", "query", 5)
    assert view.complete("", 5) == view.complete("fro", 0) == []


def test_completion_reaches_the_words_inside_in_both_languages(catalogue: Catalogue) -> None:
    view = catalogue.view()
    assert any("Frozen pizza" in each.text for each in view.complete("piz", 10))
    assert any(each.text == "橙汁" for each in view.complete("橙", 10))
    assert any("洗发水" in each.text for each in view.complete("洗", 10))


def test_every_shown_figure_of_a_row_is_that_of_its_item(catalogue: Catalogue) -> None:
    view = catalogue.view()
    rows = view.select()
    items = view.items(rows)
    prices = [np.nan if item.price is None else item.price for item in items]
    assert np.array_equal(view.prices(rows), np.asarray(prices), equal_nan=True)
    assert view.updated_at(rows).tolist() == [
        int(item.updated_at.timestamp() * 1e6) for item in items if item.updated_at
    ]
    assert [view.row_of(item.id) for item in items] == rows.tolist()
    assert view.popular(5).rows.tolist() == [0, 1, 2, 3, 4]


def test_a_row_that_is_not_there_is_not_found(catalogue: Catalogue) -> None:
    for row in (-1, 600, 10**9):
        with pytest.raises(NotFoundError):
            catalogue.view().item(row)


def test_many_threads_get_the_answers_of_one(catalogue: Catalogue, tools: Any) -> None:
    view, texts = catalogue.view(), ["milk", "pizza", "猫粮", "yoghrt"] * 10

    def ask(text: str) -> tuple[bytes, bytes]:
        return view.lexical(text, 50).rows.tobytes(), view.vector(tools.vector(text), 50).rows.tobytes()

    alone = [ask(text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, texts)) == alone
