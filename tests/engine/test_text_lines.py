"""Lines of texts and of queries: what is read, what is named, and that neither keeps another line back."""

from __future__ import annotations

import io
import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.engine.estimators import Answers, Input
from tradewind.engine.line_answers import answer_lines
from tradewind.engine.text_lines import LONGEST_LINE, read_lines
from tradewind.errors import RequestError
from tradewind.runtime.pictures import SENT_LIMITS, GivenPicture, PictureError
from tradewind.tasks.rank.ranking import Candidates


def read(body: bytes) -> list:
    return list(read_lines(io.BytesIO(body)))


def test_a_query_with_texts_is_a_line_for_an_estimator_that_ranks() -> None:
    (line,) = read('{"query": "茶杯", "texts": ["cup", "pot"]}'.encode())
    assert (line.asked, line.problem) == (Candidates("茶杯", ("cup", "pot")), None)


def test_a_picture_is_a_line_in_base64_and_a_broken_one_keeps_no_other_back() -> None:
    lines = read(b'{"picture": "YWJj"}\n{"picture": ""}\n')
    assert [line.asked for line in lines] == [GivenPicture("picture", held, SENT_LIMITS) for held in (b"abc", b"")]

    def answer(inputs: list[Input]) -> Answers:
        if inputs[-1] == lines[1].asked:
            raise PictureError("empty_file", "the picture is empty", where="picture")
        return Answers("v1", [{"labels": []}] * len(inputs))

    first, second = map(orjson.loads, answer_lines(lines, answer).body.splitlines())
    assert first == {"line": 1, "prediction": {"labels": []}}
    assert second == {"line": 2, "error": {"code": "refused", "detail": "the picture is empty"}}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"query": "a", "texts": []}, "not-a-text"),
        ({"query": "a", "texts": ["b"] * 257}, "not-a-text"),
        ({"query": "a", "texts": ["b", 1]}, "not-a-text"),
        ({"query": "a", "texts": "b"}, "not-a-text"),
        ({"query": "a", "texts": ["b"], "k": 1}, "not-a-text"),
        ({"query": " ", "texts": ["b"]}, "empty"),
        ({"query": "a", "texts": ["b", ""]}, "empty"),
        ({"query": "a", "texts": ["b" * 50_001]}, "too-long"),
        ({"text": None}, "not-a-text"),
        ({"picture": "no base64"}, "not-base64"),
        ({"picture": "YQ==\n"}, "not-base64"),
        ({"picture": "YQ==", "text": "a"}, "not-a-text"),
        ({"picture": 1}, "not-a-text"),
    ],
)
def test_what_is_no_line_is_named(value: object, code: str) -> None:
    (line,) = read(orjson.dumps(value))
    assert line.problem is not None and line.problem.code == code


def test_a_line_without_an_end_of_megabytes_is_passed_over_and_the_next_is_read() -> None:
    first, second = read(b'"' + b"x" * (3 * LONGEST_LINE) + b'"\n"tea"')
    assert first.problem is not None and first.problem.code == "too-long"
    assert (second.number, second.asked) == (2, "tea")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=20), st.integers(0, 19))
def test_reading_may_stop_after_any_line_and_go_on_there(texts: list[str], stop: int) -> None:
    body = b"".join(orjson.dumps(text) + b"\n" for text in texts)
    whole = read(body)
    assert [line.number for line in whole] == list(range(1, len(texts) + 1))
    if stop < len(whole):
        file = io.BytesIO(body)
        file.seek(whole[stop].end)
        assert list(read_lines(file, stop + 2)) == whole[stop + 1 :]


def test_lines_that_are_too_many_together_are_answered_one_by_one() -> None:
    asked: list[int] = []

    def answer(inputs: list[Input]) -> Answers:
        asked.append(len(inputs))
        if len(inputs) > 1:
            raise RequestError("too many at a time")
        return Answers("v", [{"order": [0]} for _ in inputs])

    lines = read(b'{"query": "a", "texts": ["b"]}\n17\n{"query": "c", "texts": ["d"]}\n')
    found = answer_lines(lines, answer)
    rows = [json.loads(row) for row in found.body.splitlines()]
    assert asked == [2, 1, 1]
    assert [row["line"] for row in rows if "prediction" in row] == [1, 3]
    assert (found.version, [one["line"] for one in found.problems]) == ("v", [2])
