"""The settings that the page on match shows are settings, and each does what the page says it turns on."""

from __future__ import annotations

import re
from pathlib import Path

from tradewind.settings import MatchSettings, parse_shop

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/guide/match.md").read_text(encoding="utf-8")
SHOP = "shop: tea\nitems: {source: {path: items.csv}, id: id, title: title}\n"


def _shown() -> list[MatchSettings]:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    return [parse_shop((SHOP + block).encode(), where="match.md").learn.match for block in blocks]


def test_every_block_of_the_page_is_read() -> None:
    plain, negatives, sizes = _shown()
    assert plain == MatchSettings() and not plain.negatives.wanted
    assert negatives.negatives.wanted and (negatives.negatives.mined, negatives.negatives.siblings) == (4, 2)
    assert sizes.matryoshka == [384, 256, 128, 64]


def test_the_pages_it_names_are_there() -> None:
    named = re.findall(r"\]\((\.\./adr/[^)]+)\)", PAGE)
    assert len(named) >= 5 and all((ROOT / "docs/guide" / name).is_file() for name in named)
