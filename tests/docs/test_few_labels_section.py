"""The settings that the section on few labels shows are settings that there are."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tradewind.settings import EstimatorSettings

PAGE = (Path(__file__).parents[2] / "docs/guide/estimators.md").read_text(encoding="utf-8")


def test_the_block_on_few_labels_is_read_as_it_stands() -> None:
    section = PAGE.partition("## Few labels")[2]
    (block,) = re.findall(r"```yaml\n(.*?)```", section.partition("\n## ")[0], re.S)
    found = EstimatorSettings.model_validate({"task": "category", **yaml.safe_load(block)})
    assert found.examples.unlabelled is not None
    assert found.examples.answers == "labels/section.csv"
    assert found.techniques.suspicious
