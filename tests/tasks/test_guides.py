"""The Python on the guide's pages of click, purchase and profile does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs/guide"


@pytest.mark.parametrize("page", ["click.md", "profile.md"])
def test_the_python_of_the_page_runs_and_its_asserts_hold(page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (GUIDE / page).read_text(encoding="utf-8"), re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, page, "exec"), {})


def test_what_the_purchase_page_names_is_there() -> None:
    text = (GUIDE / "purchase.md").read_text(encoding="utf-8")
    from tradewind.tasks.purchase.next_days import NextDays, read_next_days
    from tradewind.training.purchase.shop import train

    for named in (train.__name__, read_next_days.__name__, NextDays.chances.__name__):
        assert named in text
