"""The guide's pages on tag and rank: their Python runs as it stands and says what the page promises."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs/guide"


def said(page: str) -> list[str]:
    (block,) = re.findall(r"```python\n(.*?)```", (GUIDE / page).read_text(encoding="utf-8"), re.S)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(block, page, "exec"), {})
    return out.getvalue().splitlines()


def test_the_tagger_of_the_page_finds_both_entities() -> None:
    assert said("tag.md") == ["brand 海尔", "product 空调"]


def test_the_blend_of_the_page_learns_to_put_the_answer_first() -> None:
    (line,) = said("rank.md")
    assert line.endswith("1.0")
    assert "words=0.2" in line
