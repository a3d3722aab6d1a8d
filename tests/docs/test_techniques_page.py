"""What the page on techniques shows are settings that there are, and a command with an option that there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer
import yaml

from tradewind.cli import commands
from tradewind.cli.app import app
from tradewind.data.label_rules import read_rules
from tradewind.settings import ContinualSettings, GateSettings, KnowledgeSettings, TechniqueSettings

PAGE = (Path(__file__).parents[2] / "docs/guide/techniques.md").read_text(encoding="utf-8")


def section(number: int) -> Any:
    block = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)[number]
    return yaml.safe_load(block)["learn"]["estimators"]["section"]


def test_the_blocks_of_the_page_are_settings() -> None:
    averaged = TechniqueSettings.model_validate(section(0)["techniques"])
    assert (averaged.ema, averaged.checkpoints, averaged.members, averaged.label_smoothing) == (0.99, 3, 3, 0.1)
    assert ContinualSettings.model_validate(section(1)["continual"]).replay == 0.3
    assert GateSettings.model_validate(section(1)["gate"]).old_slices == 0.97
    known = KnowledgeSettings.model_validate(section(2)["knowledge"])
    assert known.tree and known.attributes == ["colour", "brand"] and known.rules == "rules.yaml"


def test_the_rules_of_the_page_are_rules(tmp_path: Path) -> None:
    block = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)[3]
    (tmp_path / "rules.yaml").write_text(block, encoding="utf-8")
    found = read_rules(tmp_path / "rules.yaml", shown="rules.yaml")
    assert found.label_of("Quark 500 g") == "Food > Dairy" and found.label_of("oat kefir") is None
    assert found.label_of("不锈钢保温杯") == "Kitchen > Cups" and found.label_of("500 g rye") == "Food > Bakery"


def test_the_command_of_the_page_has_its_option() -> None:
    assert commands
    train = typer.main.get_command(app).commands["train"]  # type: ignore[attr-defined]
    assert "--ablate" in {option for parameter in train.params for option in parameter.opts}
    assert "`tradewind train section shop --ablate`" in PAGE
