"""Runs and judgments survive the TREC text form, and a wrong line or measure is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.data.records import Judgment
from tradewind.errors import DataError
from tradewind.evaluation.runs import measure, qrels_of, read_qrels, write_trec


def test_the_later_of_two_judgments_on_a_pair_counts() -> None:
    judged = [Judgment("q", "a", 1), Judgment("q", "b", 2), Judgment("q", "a", 0)]
    assert qrels_of(judged) == {"q": {"a": 0, "b": 2}}


def test_a_run_is_written_as_trec_lines_without_spaces_inside_a_field(tmp_path: Path) -> None:
    write_trec(tmp_path / "run.txt", {"cat food": ["x", "y z"]}, "ours")
    assert (tmp_path / "run.txt").read_text().splitlines() == ["cat_food Q0 x 1 -1 ours", "cat_food Q0 y_z 2 -2 ours"]


def test_qrels_are_read_and_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "qrels.txt"
    path.write_text("q1 0 a 2\n\nq1 0 b 0\nq2 0 a 1\n")
    assert read_qrels(path) == {"q1": {"a": 2, "b": 0}, "q2": {"a": 1}}
    path.write_text("q1 0 a 2\nq1 a good\n")
    with pytest.raises(DataError, match=r"qrels.txt:2"):
        read_qrels(path)


@pytest.mark.parametrize("name", ["recall", "recall@0", "map@5", "mrr@3"])
def test_an_unknown_measure_is_refused_by_name(name: str) -> None:
    with pytest.raises(DataError, match=name):
        measure(name)
