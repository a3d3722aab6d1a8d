"""The Python on the guide's pages of click, purchase and profile does what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tradewind.settings import LearnSettings

GUIDE = Path(__file__).parents[2] / "docs/guide"


@pytest.mark.parametrize("page", ["click.md", "profile.md"])
def test_the_python_of_the_page_runs_and_its_asserts_hold(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (GUIDE / page).read_text(encoding="utf-8"), re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})


def test_what_the_purchase_page_names_is_there() -> None:
    text = (GUIDE / "purchase.md").read_text(encoding="utf-8")
    settings = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.S)]
    assert settings
    for block in settings:
        LearnSettings.model_validate(block["learn"])
    contract = (GUIDE.parent / "reference" / "openapi.json").read_text(encoding="utf-8")
    routes = set(re.findall(r"/v1/[a-z/]+", text))
    assert routes and routes <= set(json.loads(contract)["paths"])


def test_what_the_profile_page_turns_on_is_read_as_written() -> None:
    text = (GUIDE / "profile.md").read_text(encoding="utf-8")
    (block,) = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.S)]
    income = LearnSettings.model_validate(block["learn"]).predicted["income"]
    assert list(income.bands) == ["under 35K", "35-74K", "75K and over"]
