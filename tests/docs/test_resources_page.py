"""The page on resources says what the settings are, and its lines are settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from tradewind.settings import parse_shop
from tradewind.settings.resources import ResourceSettings

PAGE = (Path(__file__).parents[2] / "docs/guide/resources.md").read_text(encoding="utf-8")
SHOP = "shop: x\nitems: {source: {path: a.csv}, id: id, title: title}\n"


@pytest.mark.parametrize("block", re.findall(r"```yaml\n(.*?)```", PAGE, re.S))
def test_the_lines_of_the_page_are_settings(block: str) -> None:
    found = parse_shop((SHOP + block).encode(), where="page").learn.resources
    assert found.processes > 1


def test_every_setting_is_told() -> None:
    for name in ResourceSettings.model_fields:
        assert re.search(rf"`?{name}\b", PAGE), name
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.split("## Memory")[0], re.M)
    assert set(rows) == set(get_args(ResourceSettings.model_fields["precision"].annotation))
