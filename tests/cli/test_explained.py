"""An explanation in a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import tradewind.cli.commands  # noqa: F401  (registers the commands)
from tradewind.cli.app import app
from tradewind.cli.explained import coloured, print_explanation
from tradewind.errors import RequestError
from tradewind.evaluation.explanation import Explanation, WordWeight

WORDS = (WordWeight(0, 3, "hot", -0.3), WordWeight(4, 7, "tea", 0.6), WordWeight(8, 10, "[x", 0.001))
FOUND = Explanation("aisle", "v1", "occlusion", "probability", "Tea", "hot tea [x", 0.9, 0.5, WORDS)


def test_words_are_coloured_by_side_and_strength() -> None:
    text = coloured(FOUND)
    assert text.plain == "hot tea [x"
    styles = {text.plain[span.start : span.end]: str(span.style) for span in text.spans if span.style}
    assert styles == {"hot": "bold red", "tea": "bold green"}


def test_what_is_left_over_is_always_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_explanation(FOUND)
    said = capsys.readouterr().out
    assert "+0.6000" in said
    assert "left over +0.0990" in said


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop.yaml").write_text("shop: tiny\nitems: {source: {path: items.csv}, id: id, title: title}\n")
    monkeypatch.setattr("tradewind.flows.explaining.explain", lambda *_, **__: FOUND)
    done = CliRunner().invoke(
        app, ["explain", "aisle", "tea", "--shop", str(tmp_path), "--out", str(tmp_path / "no/a.html")]
    )
    assert isinstance(done.exception, RequestError)
    assert "No such file or directory" in str(done.exception)
