"""What the page on tuning shows are settings that there are, and commands with options that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer
import yaml

from tradewind.cli import commands
from tradewind.cli.app import app
from tradewind.settings import ShopSettings, parse_shop

PAGE = (Path(__file__).parents[2] / "docs/guide/tuning.md").read_text(encoding="utf-8")
SHOP = "shop: x\nitems: {source: {path: a.csv}, id: id, title: title}\n"
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines() if "tradewind" in line
]


def settings() -> list[ShopSettings]:
    return [parse_shop((SHOP + block).encode(), where="page") for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)]


def test_the_blocks_of_the_page_are_settings() -> None:
    estimator, search, tracking, pretrain, encoder = settings()
    assert estimator.learn.estimators["section"].learning_rate == 2e-4
    assert search.learn.search.learning_rate == [1e-5, 1e-3]
    assert search.learn.search.method_options == {"rank": [4, 8, 16, 32]}
    assert tracking.learn.tracking == "mlflow"
    assert pretrain.learn.pretrain.texts is not None
    assert encoder.encoder.pretrained == "dir:/path/to/shop/.tradewind/pretrained"


@pytest.mark.parametrize("line", COMMANDS)
def test_the_commands_of_the_page_are_ones(line: str) -> None:
    assert commands.tune
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    name, *words = shlex.split(line)[1:]
    options = {option for parameter in known[name].params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_every_range_of_the_search_is_on_the_page() -> None:
    (block,) = [found for found in re.findall(r"```yaml\n(.*?)```", PAGE, re.S) if "search:" in found]
    from tradewind.settings import SearchSettings

    assert set(yaml.safe_load(block)["learn"]["search"]) == set(SearchSettings.model_fields)
