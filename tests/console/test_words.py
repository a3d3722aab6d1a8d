"""The storefront has a word for everything that the engine may say, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tradewind.console.pages import POLICY, STATIC
from tradewind.engine import pipelines

SOURCE = Path(pipelines.__file__).read_text(encoding="utf-8")


def _reasons(language: str) -> set[str]:
    text = (STATIC / f"js/words/{language}.js").read_text(encoding="utf-8")
    return set(re.findall(r"(\w+): \(", text.split("reasons: {", 1)[1]))


def _words(language: str) -> set[str]:
    text = (STATIC / f"js/words/{language}.js").read_text(encoding="utf-8").split("reasons: {", 1)[0]
    return set(re.findall(r"(\w+): [\"(]", text))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_of_the_engine_is_worded(language: str) -> None:
    codes = {
        code for block in re.findall(r"Explain\((.*?)\)\)", SOURCE, re.S) for code in re.findall(r', "(\w+)"\)', block)
    }
    assert len(codes) >= 8
    assert codes <= _reasons(language)


def test_both_languages_have_the_same_words() -> None:
    assert _words("en") == _words("zh")
    assert _reasons("en") == _reasons("zh")


def test_the_page_loads_nothing_from_elsewhere() -> None:
    texts = [path.read_text(encoding="utf-8") for path in STATIC.rglob("*") if path.suffix in {".html", ".js", ".css"}]
    assert not any(re.search(r"(src|href|url|import)[=( ]*[\"']?https?://", text) for text in texts)
    assert "script-src 'self'" in POLICY
    assert "unsafe-eval" not in POLICY
