from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.records import CATEGORY_SEPARATOR, Item
from tradewind.errors import RequestError
from tradewind.index.facets import FacetTable, facet_table, open_facets, write_facets
from tradewind.index.filters import Filters

NAMES = ["category", "brand", "price", "colour"]
paths = st.lists(st.sampled_from(["A", "A B", "B", "猫"]), max_size=3).map(tuple)
colours = st.one_of(st.just({}), st.sampled_from(["red", "绿"]).map(lambda value: {"colour": value}))
stock = st.sampled_from(["in_stock", "out_of_stock"])
items = st.lists(
    st.builds(
        Item,
        id=st.just("x"),
        title=st.just("t"),
        category=paths,
        brand=st.sampled_from([None, "", "P", "Q"]),
        price=st.one_of(st.none(), st.integers(0, 9).map(float)),
        attributes=colours,
        availability=stock,
    ),
    max_size=25,
)
bounds = st.one_of(st.none(), st.integers(0, 9).map(float))
terms = st.fixed_dictionaries(
    {},
    optional={
        "category": st.lists(paths.filter(bool).map(CATEGORY_SEPARATOR.join), max_size=2).map(tuple),
        "brand": st.lists(st.sampled_from(["P", "Q", "unknown"]), max_size=2).map(tuple),
        "colour": st.lists(st.sampled_from(["red", "绿"]), max_size=2).map(tuple),
    },
)
filters = st.builds(Filters, terms, bounds, bounds, st.booleans())


def passes(item: Item, asked: Filters) -> bool:
    held = {"brand": item.brand or None, "colour": item.attributes.get("colour")}
    for name, values in asked.terms.items():
        if name == "category" and values:
            wanted = [tuple(value.split(CATEGORY_SEPARATOR)) for value in values]
            if not any(item.category[: len(path)] == path for path in wanted):
                return False
        elif values and held.get(name) not in values:
            return False
    low, high = asked.price_min, asked.price_max
    if low is not None and (item.price is None or item.price < low):
        return False
    if high is not None and (item.price is None or item.price > high):
        return False
    return not asked.in_stock or item.availability == "in_stock"


@given(items, filters)
def test_selecting_gives_the_rows_that_a_naive_check_gives(found: list[Item], asked: Filters) -> None:
    rows = facet_table(found, NAMES).select(asked).tolist()
    assert rows == [row for row, item in enumerate(found) if passes(item, asked)]


@given(items, st.data())
def test_counts_are_those_of_a_naive_count(found: list[Item], data: st.DataObject) -> None:
    table = facet_table(found, NAMES)
    rows = sorted(data.draw(st.sets(st.sampled_from(range(len(found))))) if found else [])
    naive: dict[str, Counter[str]] = {name: Counter() for name in ("category", "brand", "colour")}
    for row in rows:
        path = found[row].category
        naive["category"].update(CATEGORY_SEPARATOR.join(path[:depth]) for depth in range(1, len(path) + 1))
        naive["brand"].update(filter(None, [found[row].brand]))
        naive["colour"].update(filter(None, [found[row].attributes.get("colour")]))
    import numpy as np

    counted = table.counts(np.asarray(rows, dtype=np.int64), NAMES)
    assert {name: {each.value: each.count for each in values} for name, values in counted.items()} == naive
    for values in counted.values():
        assert [(-each.count, each.value) for each in values] == sorted((-each.count, each.value) for each in values)


def test_what_is_written_is_what_is_opened(tmp_path: Path, tools: Any) -> None:
    table = facet_table(tools.items(80), tools.settings.facets)
    write_facets(tmp_path, table)
    opened = open_facets(tmp_path)
    asked = Filters({"category": ("Grocery > Dairy",), "size": ("S", "M")}, price_max=20.0)
    assert opened.select(asked).tolist() == table.select(asked).tolist()


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    table: FacetTable = facet_table([], NAMES)
    with pytest.raises(RequestError, match="known: brand, category, colour, price"):
        table.select(Filters({"weight": ("1",)}))
    with pytest.raises(RequestError, match="price_min"):
        table.select(Filters({"price": ("1",)}))
    with pytest.raises(RequestError, match="weight"):
        table.check(["weight"])
