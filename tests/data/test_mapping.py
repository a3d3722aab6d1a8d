from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.abbreviations import Abbreviations
from tradewind.data.item_mapping import ItemMapping
from tradewind.data.mapping import item_text
from tradewind.data.records import ITEM_SCHEMA, Item
from tradewind.data.store.catalogue import item_of_row
from tradewind.errors import ConfigError
from tradewind.settings import ShopSettings

TEXT = "{title}. {category}. {brand}. {attributes} ({colour})"


def settings(**items: Any) -> ShopSettings:
    given_items = {
        "source": {"path": "x.csv"},
        "id": "id",
        "title": "{type}, {size}",
        "category": ["a", "b"],
        "text": TEXT,
    }
    return ShopSettings.model_validate(
        {
            "shop": "T",
            "currency": "EUR",
            "items": {**given_items, "brand": "brand", "attributes": {"colour": "colour"}, **items},
        }
    )


def mapped(rows: list[dict[str, str | None]], words: dict[str, str] | None = None, **items: Any) -> list[Item]:
    names = ("id", "type", "size", "a", "b", "brand", "colour")
    raw = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    columns = ItemMapping(settings(**items), Abbreviations(words or {})).map(raw, len(rows)).columns
    table = pa.table([columns[name] for name in ITEM_SCHEMA.names], schema=ITEM_SCHEMA)
    return [item_of_row(list(row.values())) for row in table.to_pylist()]


WORD = st.one_of(st.none(), st.sampled_from(["Milk", "牛奶", "FRZN pizza", "1 l", "a, b", "x > y"]))


@given(
    st.lists(
        st.fixed_dictionaries(dict.fromkeys(("type", "size", "a", "b", "brand", "colour"), WORD)),
        min_size=1,
        max_size=8,
    )
)
def test_the_text_of_an_item_added_live_is_that_of_the_same_item_ingested(rows: list[dict[str, str | None]]) -> None:
    items = mapped([{**row, "id": str(number)} for number, row in enumerate(rows)])
    for item in items:
        if item.title is not None:
            assert item_text(item, TEXT) == item.text


def test_the_text_is_made_of_the_records_own_fields() -> None:
    item = Item("1", "Milk", category=("Dairy", "Fresh"), attributes={"size": "1 l", "fat": "3 %"})
    assert item_text(item, "{title}. {category}. {brand}. {attributes}") == "Milk. Dairy > Fresh. fat: 3 %; size: 1 l"
    assert item_text(item, "{title}, {size}") == "Milk, 1 l"


def test_a_title_falls_back_to_the_deepest_category_and_then_the_brand() -> None:
    rows = [
        {"id": "1", "type": "Milk", "size": "1 l", "a": "Dairy"},
        {"id": "2", "size": "1 l", "a": "Dairy", "b": "Fresh"},
        {"id": "3", "a": "Dairy"},
        {"id": "4", "size": "1 l", "brand": "Acme"},
        {"id": "5", "size": "1 l"},
    ]
    assert [item.title for item in mapped(rows)] == ["Milk, 1 l", "Fresh, 1 l", "Dairy", "Acme, 1 l", None]


def test_abbreviations_are_spelled_out_in_every_text_field() -> None:
    row = {"id": "FRZN", "type": "FRZN pizza", "a": "FRZN", "brand": "FRZN co", "colour": "FRZN"}
    (item,) = mapped([row], words={"FRZN": "frozen"})
    assert (item.id, item.title, item.category, item.brand, dict(item.attributes)) == (
        "FRZN", "FROZEN pizza", ("FROZEN",), "FROZEN co", {"colour": "FROZEN"}
    )  # fmt: skip


def test_a_category_is_a_path_without_its_empty_levels() -> None:
    rows = [
        {"id": "1", "type": "x", "a": "A > B", "b": "C"},
        {"id": "2", "type": "x", "b": "C"},
        {"id": "3", "type": "x"},
    ]
    assert [item.category for item in mapped(rows)] == [("A", "B", "C"), ("C",), ()]


def test_a_text_over_a_field_that_no_item_has_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"\{colur\} is no field"):
        ItemMapping(settings(text="{title} {colur}"), Abbreviations({}))


def test_texts_in_capitals_become_sentences_where_the_shop_asks_for_it() -> None:
    row = {
        "id": "1",
        "type": "FROZEN PIZZA",
        "size": "12 OZ",
        "a": "GROCERY",
        "b": "Deli",
        "brand": "ACME",
        "colour": "RED",
    }
    item = mapped([row], sentence_case=True)[0]
    assert (item.title, item.category, item.brand) == ("Frozen pizza, 12 oz", ("Grocery", "Deli"), "Acme")
    assert item.attributes == {"colour": "Red"}
    assert mapped([row])[0].title == "FROZEN PIZZA, 12 OZ"


@pytest.mark.parametrize(
    ("path", "text"),
    [({"a": "Food", "b": "Tea"}, "Tea. Food"), ({"a": "Food"}, "Food"), ({"b": "Tea"}, "Tea"), ({}, "")],
)
def test_leaf_and_parent_are_the_last_levels_that_a_row_has(path: dict[str, str], text: str) -> None:
    item = mapped([{"id": "1", "type": "x", "size": "y", **path}], text="{leaf}. {parent}")[0]
    assert item.text == text
    assert item_text(item, "{leaf}. {parent}") == text
