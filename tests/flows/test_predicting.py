"""A file of texts becomes a file of answers: as many lines, in order, bad ones with their error, or no file at all."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tradewind.cli.commands.predict import predict
from tradewind.errors import ConfigError
from tradewind.flows.predicting import predict_file, predict_to
from tradewind.telemetry import SilentProgress


class Lengths:
    """An estimator that answers every text with its length."""

    name, version = "length", "v7"

    def predict(self, texts: list[str], k: int = 1) -> list[dict[str, Any]]:
        return [{"labels": [{"label": str(len(text)), "probability": 1.0}]} for text in texts]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    written = tmp_path / "in.jsonl"
    rows = [json.dumps("x" * (1 + number % 9)) for number in range(150)]
    rows[3], rows[70] = "{", '""'
    written.write_text("\n".join(rows))
    return written


def test_every_line_is_answered_in_its_place_and_bad_ones_are_told(source: Path, tmp_path: Path) -> None:
    done = predict_to(Lengths(), source, tmp_path / "out.jsonl", 1, SilentProgress())
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [one["line"] for one in found] == list(range(1, 151))
    assert [one["line"] for one in found if "error" in one] == [4, 71]
    assert found[148]["prediction"]["labels"][0]["label"] == str(1 + 148 % 9)
    assert (done.lines, done.bad, done.version) == (150, 2, "v7")
    assert "line 4: a line is JSON" in done.text()


def test_progress_comes_to_the_size_of_the_file(source: Path) -> None:
    class Counted(SilentProgress):
        total, seen = None, 0

        def start(self, label: str, total: int | None) -> None:
            self.total = total

        def advance(self, units: int = 1) -> None:
            self.seen += units

    progress = Counted()
    predict_file(Lengths(), source, io.BytesIO(), 1, progress)
    assert progress.seen == progress.total == source.stat().st_size


def test_a_file_that_is_not_there_leaves_no_answers(tmp_path: Path) -> None:
    for missing in (tmp_path / "nothing.jsonl", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            predict_to(Lengths(), missing, tmp_path / "out.jsonl", 1, SilentProgress())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [{}, {"texts": ["a"], "file": Path("b")}, {"texts": ["a"], "out": Path("b")}])
def test_texts_and_a_file_are_one_or_the_other(words: dict[str, Any]) -> None:
    given = {"texts": None, "file": None, "out": None, **words}
    with pytest.raises(ConfigError, match="either texts or --file"):
        predict("length", shop=Path(), k=1, json=False, **given)
