"""A name that stands twice in one block is told with both lines; everything else reads as YAML does."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import ConfigError
from tradewind.settings import parse_shop
from tradewind.settings.strict_yaml import load_yaml

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


def test_a_name_that_stands_twice_is_told_with_both_lines() -> None:
    with pytest.raises(yaml.YAMLError, match="'seed' stands twice, in line 2 and in line 4"):
        load_yaml("learn:\n  seed: 1\n  effort: quick\n  seed: 2\n")


def test_the_same_name_in_two_blocks_is_fine() -> None:
    assert load_yaml("a: {seed: 1}\nb: {seed: 2}\n") == {"a": {"seed": 1}, "b": {"seed": 2}}


def test_a_merged_block_gives_way_to_what_is_written() -> None:
    assert load_yaml("base: &base {seed: 1, k: 3}\nown:\n  <<: *base\n  seed: 2\n")["own"] == {"seed": 2, "k": 3}


def test_a_block_as_a_name_is_no_stack_trace() -> None:
    with pytest.raises(yaml.YAMLError, match="a name must be a word or a number"):
        load_yaml("? {a: 1}\n: 2\n")


@given(VALUES)
def test_what_yaml_writes_is_read_back(value: object) -> None:
    assert load_yaml(yaml.safe_dump(value, allow_unicode=True)) == value


def test_shop_yaml_with_a_block_given_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match="'learn' stands twice"):
        parse_shop(b"shop: s\nlearn: {seed: 1}\nlearn: {seed: 2}\n", where="shop.yaml")
