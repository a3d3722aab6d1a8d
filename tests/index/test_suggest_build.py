from __future__ import annotations

from typing import Any

import pytest

from tradewind.index.suggest_build import common_queries, title_phrase


@pytest.mark.parametrize(
    ("title", "phrase"),
    [
        ("Whole milk, 1 L", "Whole milk"), ("鲜榨橙汁（无糖）", "鲜榨橙汁"), ("Cat food - salmon", "Cat food"),
        ("7-up", "7-up"), (", odd", ", odd"), ("", ""), ("one two three four five six seven eight nine",
         "one two three four five six seven eight"),
    ],
)  # fmt: skip
def test_an_item_is_called_by_the_head_of_its_title(title: str, phrase: str) -> None:
    assert title_phrase(title) == phrase


def test_a_query_is_common_when_enough_different_people_typed_it(tools: Any) -> None:
    once = [{"type": "search", "query": "my secret", "user": "u1"}] * 50
    twice = [
        {"type": "search", "query": text, "user": f"u{at}"}
        for at, text in enumerate(["Oat Milk", "oat  milk", "OAT MILK"])
    ]
    nobody = [{"type": "search", "query": "unsigned"}] * 50
    visitors = [{"type": "search", "query": "橙汁", "visitor": f"v{at}"} for at in range(3)]
    assert common_queries(tools.log(once + twice + nobody + visitors), 3) == {"oat milk": 3, "橙汁": 3}
