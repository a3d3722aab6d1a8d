"""The guide's page on next_item: its Python runs as it stands, its YAML is taken."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import yaml

from tradewind.settings import parse_shop

PAGE = (Path(__file__).parents[2] / "docs/guide/next-item.md").read_text(encoding="utf-8")


def _blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S)


def test_the_pages_python_foretells_the_walk(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    (block,) = _blocks("python")
    with contextlib.redirect_stdout(said):
        exec(compile(block, "next-item.md", "exec"), {})
    lines = said.getvalue().splitlines()
    assert lines[0].startswith("next_item, walks")
    assert lines[-1] == "10"
    assert (tmp_path / "next_item/report/report.html").is_file()


def test_the_pages_yaml_is_a_shops(tmp_path: Path) -> None:
    (block,) = _blocks("yaml")
    words = {"shop": "s", "items": {"source": {"path": "a.csv"}, "id": "id", "title": "t"}, **yaml.safe_load(block)}
    assert parse_shop(yaml.safe_dump(words).encode(), where="page").learn.next_item.dropout == 0.3
