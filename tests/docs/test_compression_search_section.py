"""The section on choosing a point says what the settings and the search are."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from tradewind.cli import commands  # noqa: F401
from tradewind.cli.app import app
from tradewind.compression.search.frontier import LEAST_QUALITY
from tradewind.compression.search.vectors import WAYS
from tradewind.compression.search.workshop import STEPS_A_MINUTE
from tradewind.settings import parse_shop
from tradewind.settings.compress import CompressSettings

PAGE = (Path(__file__).parents[2] / "docs/guide/compression.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Choosing a point\n")[2].partition("\n## ")[0]
SHOP = "shop: x\nitems: {source: {path: a.csv}, id: id, title: title}\n"


def test_the_lines_of_yaml_are_settings() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.S)
    asked = parse_shop((SHOP + block).encode(), where="page").compress
    assert (asked.milliseconds, asked.quality, asked.minutes) == (3.0, 0.95, CompressSettings().minutes)


def test_every_option_of_the_commands_is_there() -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", SECTION, re.S)
    told = set(re.findall(r"--\w+", block))
    shown = CliRunner().invoke(app, ["compress", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    assert told == {"--target", "--quality", "--size"}
    assert all(option in shown for option in told)


def test_figures_of_the_page_are_those_of_the_code() -> None:
    assert f"Without `quality` {LEAST_QUALITY:g}".replace("0.", ".") in SECTION
    assert f"{STEPS_A_MINUTE} steps a minute" in SECTION
    assert f"`minutes` ({CompressSettings().minutes:g})" in SECTION
    assert len(WAYS) == 4
