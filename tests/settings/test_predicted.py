"""What must never be guessed of a person is refused when shop.yaml is read, whoever named it where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tradewind.errors import ConfigError
from tradewind.settings import parse_shop
from tradewind.settings.predicted import offence

COLUMN = {"source": {"path": "people.csv"}, "user": "id", "target": "income"}


def read(name: str = "income", beside: dict[str, Any] | None = None, **block: Any) -> Any:
    told = {"shop": "s", "items": {"source": {"path": "i.csv"}, "id": "id", "title": "t"}}
    learn = {"predicted": {name: COLUMN | block}} | (beside or {})
    return parse_shop(json.dumps(told | {"learn": learn}, ensure_ascii=False).encode(), where="shop.yaml")


def test_nothing_is_predicted_unless_it_is_written() -> None:
    raw = b"{shop: s, items: {source: {path: i.csv}, id: id, title: t}}"
    assert parse_shop(raw, where="shop.yaml").learn.predicted == {}


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("income", {}),
        ("household_size", {"target": "household_size", "bands": {"one": ["1"], "more": ["2", "3"]}}),
        ("age", {"target": "age", "bands": {"19-34": ["19-24", "25-34"], "35 and over": ["35+"]}}),
        ("income", {"called": "收入", "bands": {"低": ["1"], "高": ["2"]}}),
        ("income", {"source": {"url": "sqlite:///x", "query": "select id, income from customers"}}),
    ],
)
def test_a_harmless_attribute_is_read(name: str, block: dict[str, Any]) -> None:
    found = read(name, **block).learn.predicted[name]
    assert found.named(name) == block.get("called", name.replace("_", " "))


@pytest.mark.parametrize(
    ("name", "block", "word"),
    [
        ("pregnancy", {}, "pregnancy"),
        ("sex", {}, "sex"),
        ("religion", {}, "religion"),
        ("health", {}, "health"),
        ("has_children", {}, "has_children"),
        ("ethnicity", {}, "ethnicity"),
        ("segment", {"target": "kids_count"}, "kids_count"),
        ("segment", {"target": "isPregnant"}, "isPregnant"),
        ("segment", {"target": "{gender} {city}"}, "gender"),
        ("segment", {"target": "性别"}, "性别"),
        ("segment", {"target": "birth_year"}, "birth_year"),
        ("segment", {"target": "political_party"}, "political_party"),
        ("segment", {"called": "怀孕"}, "怀孕"),
        ("segment", {"source": {"url": "sqlite:///x", "query": "select id, diabetic as income from c"}}, "diabetic"),
        ("segment", {"bands": {"women": ["1"], "others": ["2"]}}, "women"),
        ("segment", {"bands": {"first": ["Muslim", "Jewish"], "second": ["x"]}}, "Muslim"),
        ("segment", {"bands": {"a": ["有孩子"], "b": ["没有"]}}, "孩子"),
        ("age", {"target": "age", "bands": {"up to 24": ["12-17", "18-24"], "25+": ["25+"]}}, "up to 24"),
        ("segment", {"target": "age_group", "bands": {"a": ["16-24"], "b": ["25-30"]}}, "'a'"),
    ],
)  # fmt: skip
def test_a_sensitive_one_is_refused_by_name_column_query_or_label(name: str, block: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=r"shop\.yaml.*never predicted") as refused:
        read(name, **block)
    assert word in str(refused.value)


@pytest.mark.parametrize("name", ["purchase", "match", "describe", "Income", "../income", "", "收入"])
def test_a_name_that_is_taken_or_no_word_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name an attribute"):
        read(name)


def test_one_name_is_one_thing() -> None:
    estimator = {"task": "rating", "examples": {"source": {"path": "r.csv"}, "text": "t", "target": "s"}}
    with pytest.raises(ConfigError, match="an estimator and a predicted attribute"):
        read("income", {"estimators": {"income": estimator}})


def test_labels_of_the_table_are_held_to_the_same() -> None:
    assert offence(("segment",), ("low", "high")) is None
    assert offence(("segment",), ("low", "expecting mothers")) == "expecting mothers"
    assert offence(("segment", "age"), ("19-24", "0-18")) == "0-18"
