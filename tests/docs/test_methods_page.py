"""The page on choosing a method says what the methods are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tradewind import plugins
from tradewind.models.adaptable import FAMILIES, lacking
from tradewind.settings import parse_shop
from tradewind.training.tuning import method

PAGE = (Path(__file__).parents[2] / "docs/guide/choosing-a-method.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \|(.*)\|$", PAGE.split("## Which families")[0], re.M))
SHOP = "shop: x\nitems: {source: {path: a.csv}, id: id, title: title}\n"


def test_the_lines_of_the_page_are_settings_that_the_method_takes() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    task = parse_shop((SHOP + block).encode(), where="page").learn.classify
    assert method(task.method, task.method_options).learning_rate > 0


def test_every_method_has_a_row_and_no_other() -> None:
    assert set(ROWS) == set(plugins.names("methods"))


@pytest.mark.parametrize("name", plugins.names("methods"))
def test_options_and_defaults_are_the_methods_own(name: str) -> None:
    told = {
        option: yaml.safe_load(value.strip("`")) for option, value in re.findall(r"`(\w+)` \((`?[\w.]+`?)", ROWS[name])
    }
    made = method(name)
    assert told == {option: getattr(made, option) for option in getattr(made, "__dataclass_fields__", {})}


def test_what_the_families_lack_is_what_the_page_says() -> None:
    assert {family for family in FAMILIES if not lacking(family)} == {"bert", "roberta", "xlm-roberta", "electra"}
    assert all(lacking(family) <= {"prefix"} for family in FAMILIES)
    everything = set(plugins.names("methods"))
    assert everything - lacking("another") == {"full", "head", "partial", "lora", "adalora", "prompt"}
    assert everything - lacking("") == {"full", "head", "lora", "adalora"}
