"""What the page on models of one's own tells a reader to do is done here."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tradewind.settings import GateSettings

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("tradewind"))
PAGE = (ROOT / "docs/guide/estimators.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S)


def test_the_lines_on_the_page_are_those_of_the_example() -> None:
    example = yaml.safe_load((ROOT / "examples/bilingual/shop.yaml").read_text(encoding="utf-8"))
    assert yaml.safe_load(blocks("yaml")[0])["learn"]["estimators"] == example["learn"]["estimators"]


def test_the_commands_learn_and_answer(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns(".tradewind")
    shutil.copytree(ROOT / "examples/bilingual", tmp_path / "shop", ignore=ignored)
    train, predict = blocks("sh")[0].splitlines()
    explain = next(block.strip() for block in blocks("sh") if "explain" in block)
    shown = []
    for line in (train, predict, explain):
        done = subprocess.run(
            [COMMAND, *re.findall(r'"[^"]*"|\S+', line)[1:]],
            cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        shown.append(done.stdout)
    assert "character n-grams" in shown[0]
    assert "limit: worst slice" in shown[0] or "limit: tested on" in shown[0]
    assert "茶具" in shown[1] or "餐具" in shown[1]
    assert "left over" in shown[2]
    assert "蓝色支持该答案" in (tmp_path / "why.html").read_text(encoding="utf-8")


def test_the_gate_on_the_page_is_one() -> None:
    written = next(yaml.safe_load(block) for block in blocks("yaml") if block.startswith("gate:"))
    gate = GateSettings.model_validate(written["gate"])
    assert gate.slice_rows == 20
    assert gate.metric == {"accuracy": 0.8}
