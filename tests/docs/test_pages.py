"""What README and guide tell a reader to do is done here, in their words."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("tradewind"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs/guide/own-shop.md").read_text(encoding="utf-8")


def _blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", page, re.S)


def _commands(page: str) -> list[list[str]]:
    """Returns the `tradewind` commands of a page's shell blocks and of its running text, as lists of words."""
    lines = [line.split("  #")[0].strip() for block in _blocks(page, "sh") for line in block.splitlines()]
    inline = [found for found in re.findall(r"`(tradewind [^`]+)`", page) if " DIR" not in found]
    commands = [line.removeprefix(".venv/bin/") for line in [*lines, *inline]]
    return [_words(line)[1:] for line in commands if line.startswith("tradewind ")]


def _words(line: str) -> list[str]:
    import shlex

    return shlex.split(line)


def _run(words: list[str], folder: Path, timeout: float = 600) -> str:
    done = subprocess.run(
        [COMMAND, *words], cwd=folder, capture_output=True, text=True, timeout=timeout, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_guide_takes_its_own_tables_to_answers(tmp_path: Path) -> None:
    shop = tmp_path / "myshop"
    shop.mkdir()
    for name, text in zip(("products.csv", "orders.csv"), _blocks(GUIDE, "csv"), strict=True):
        (shop / name).write_text(text, encoding="utf-8")
    said = {}
    for words in _commands(GUIDE):
        serving = words[:1] == ["up"]
        said[words[0], words[1]] = _run([*words, "--no-serve"] if serving else words, tmp_path)
    assert "Green tea" in said["search", "green tea"]
    assert "Glass teapot" in said["recommend", "bought-together"]
    assert said["keys", "create"].startswith("tw_")
    assert ("evaluate", "myshop") in said


def test_the_page_on_privacy_shows_and_erases_somebody_of_the_guides_tables(tmp_path: Path) -> None:
    shop = tmp_path / "myshop"
    shop.mkdir()
    for name, text in zip(("products.csv", "orders.csv"), _blocks(GUIDE, "csv"), strict=True):
        (shop / name).write_text(text, encoding="utf-8")
    for words in (["init", "myshop"], ["ingest", "myshop"]):
        _run(words, tmp_path)
    export, erase = _commands((ROOT / "docs/guide/privacy.md").read_text(encoding="utf-8"))[:2]
    assert len(json.loads(_run(export, tmp_path))["events"]) == 2
    assert "erased: 2 events" in _run(erase, tmp_path)


@pytest.mark.parametrize("words", _commands(README), ids=" ".join)
def test_every_command_of_the_readme_is_one(words: list[str]) -> None:
    depth = 2 if words[0] in {"models", "keys"} and len(words) > 1 else 1
    assert "Usage" in _run([*words[:depth], "--help"], ROOT, 60)


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {
        line.split()[1] for block in _blocks(README, "sh") for line in block.splitlines() if line.startswith("make ")
    }
    assert named == {"demo", "test"}
    assert all(re.search(rf"^{name}:", makefile, re.M) for name in named)


@pytest.mark.parametrize("page", [*sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"], ids=lambda path: path.name)
def test_no_link_of_a_page_leads_nowhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []
