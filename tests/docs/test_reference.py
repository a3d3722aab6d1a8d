"""The reference pages say what the code does."""

from __future__ import annotations

from pathlib import Path

from tradewind.flows.settings_reference import settings_page

ROOT = Path(__file__).parents[2]


def test_the_page_of_settings_is_what_the_command_prints() -> None:
    written = (ROOT / "docs/reference/shop.md").read_text(encoding="utf-8")
    assert written == settings_page(), "make it anew: tradewind settings > docs/reference/shop.md"
