"""shop.yaml: every wrong word is named with its place and the nearest right one."""

from __future__ import annotations

import pytest

from tradewind.errors import ConfigError
from tradewind.settings import parse_shop

GOOD = "shop: s\nitems: {source: {path: a.csv}, id: id, title: title}\n"


def test_a_shop_of_two_lines_is_enough() -> None:
    assert parse_shop(GOOD.encode(), where="shop.yaml").learn.effort == "quick"


@pytest.mark.parametrize(
    ("text", "place", "near"),
    [
        ("curency: USD\n", "curency", "currency"),
        ("learn: {efort: quick}\n", "learn.efort", "effort"),
        ("learn: {match: {learning_rat: 0.1}}\n", "learn.match.learning_rat", "learning_rate"),
        ("events: [{source: {path: b.csv}, type: t, time: t, iten: i}]\n", "events.0.iten", "item"),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest_right_name(text: str, place: str, near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_shop((GOOD + text).encode(), where="shop.yaml")
    assert place in str(caught.value)
    assert f"did you mean {near!r}" in str(caught.value)


def test_a_number_that_yaml_takes_for_text_is_still_a_number() -> None:
    settings = parse_shop((GOOD + "learn: {match: {learning_rate: 1e-4}}\n").encode(), where="shop.yaml")
    assert settings.learn.match.learning_rate == pytest.approx(1e-4)


@pytest.mark.parametrize(
    "raw", [b"shop: \xff\xfe", b"a: [1", b"- 1\n", b"", b"shop: s\n", (GOOD + "serve: {port: -1}\n").encode()]
)
def test_what_is_no_shop_at_all_is_an_error_with_its_file_and_no_stack_trace(raw: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_shop(raw, where="shop.yaml")
    assert caught.value.where == "shop.yaml"
