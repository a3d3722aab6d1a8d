"""Lines of texts as lines of answers: as many, in the same order, a bad line's problem in its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from tradewind.engine.estimators import Answers, Input
from tradewind.engine.text_lines import LineProblem, TextLine
from tradewind.errors import RequestError
from tradewind.runtime.pictures import PictureError

Answer = Callable[[Sequence[Input]], Answers]
"""Answers some inputs, one answer each; raises RequestError or PictureError for one that cannot be answered."""


@dataclass(frozen=True, slots=True)
class AnsweredLines:
    """NDJSON of one line a line, the version of the estimator that answered, and the lines that it could not."""

    body: bytes
    version: str
    problems: tuple[dict[str, Any], ...]


def answer_lines(lines: Sequence[TextLine], answer: Answer) -> AnsweredLines:
    """Returns the answers to `lines`. Raises what `answer` raises, but for what one input alone is to blame for."""
    good = [line for line in lines if line.problem is None]
    answered, version, refused = _answered(good, answer)
    rows, problems = [], []
    for line in lines:
        problem = line.problem or refused.get(line.number)
        if problem is None:
            rows.append({"line": line.number, "prediction": answered[line.number]})
        else:
            rows.append({"line": line.number, "error": problem.as_json()})
            problems.append({"line": line.number, **problem.as_json()})
    body = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    return AnsweredLines(body, version, tuple(problems))


def _answered(
    good: Sequence[TextLine], answer: Answer
) -> tuple[dict[int, dict[str, Any]], str, dict[int, LineProblem]]:
    """Asks for all at once; when one of them is refused, for each alone, so that it keeps none of the others back."""
    if not good:
        return {}, "", {}
    try:
        found = answer([line.asked for line in good])
    except (RequestError, PictureError) as error:
        if len(good) == 1:
            return {}, "", {good[0].number: LineProblem("refused", error.what)}
        return _one_by_one(good, answer)
    return dict(zip((line.number for line in good), found.predictions, strict=True)), found.version, {}


def _one_by_one(
    good: Sequence[TextLine], answer: Answer
) -> tuple[dict[int, dict[str, Any]], str, dict[int, LineProblem]]:
    answers: dict[int, dict[str, Any]] = {}
    refused: dict[int, LineProblem] = {}
    version = ""
    for line in good:
        one, named, problems = _answered([line], answer)
        answers |= one
        refused |= problems
        version = named or version
    return answers, version, refused
