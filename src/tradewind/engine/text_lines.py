"""What is asked, one a line of JSON Lines: a text, a query with texts, or a picture; a bad line keeps its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import orjson

from tradewind.engine.estimators import Input
from tradewind.runtime.pictures import GivenPicture, sent_picture
from tradewind.tasks.rank.ranking import Candidates

LONGEST_TEXT: Final = 50_000
"""Characters of one text."""
MOST_CANDIDATES: Final = 256
"""Texts that one line may have put in order."""
LONGEST_LINE: Final = 1_000_000
"""Bytes of one line: a text at its longest, every character escaped, has room, and a picture of 700 KB."""


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line cannot be answered: a stable word, and a sentence."""

    code: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "detail": self.detail}


FORMS: Final = '"a text", {"text": "a text"}, {"query": "a query", "texts": ["a text"]} or {"picture": "base64"}'
NOT_JSON: Final = LineProblem("not-json", f"a line is JSON in UTF-8: {FORMS}")
NOT_A_TEXT: Final = LineProblem("not-a-text", f"a line is {FORMS}, {MOST_CANDIDATES} texts at most")
EMPTY: Final = LineProblem("empty", "there is no text on this line")
TOO_LONG: Final = LineProblem("too-long", f"a text may have {LONGEST_TEXT:,} characters, a line {LONGEST_LINE:,} bytes")
NOT_BASE64: Final = LineProblem("not-base64", "a picture is the bytes of its file in base64")
NOT_STORABLE: Final = LineProblem("not-text", "a NUL is not text")


@dataclass(frozen=True, slots=True)
class TextLine:
    """Line `number` (from 1), what it asks or what is wrong with it, and the offset of the byte after it."""

    number: int
    asked: Input
    problem: LineProblem | None
    end: int


def read_lines(file: BinaryIO, number: int = 1) -> Iterator[TextLine]:
    """Yields the lines of `file` from where it stands, the first being line `number`; each byte is read once.

    A line of more than LONGEST_LINE bytes is passed over without being held.
    """
    while raw := file.readline(LONGEST_LINE + 1):
        asked: Input = ""
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            _pass_over(file)
            problem: LineProblem | None = TOO_LONG
        else:
            asked, problem = _read(raw)
        yield TextLine(number, asked, problem, file.tell())
        number += 1


def _pass_over(file: BinaryIO) -> None:
    while (more := file.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
        pass


def _read(raw: bytes) -> tuple[Input, LineProblem | None]:
    if not raw.strip():
        return "", EMPTY
    try:
        value: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return "", NOT_JSON
    try:
        asked = _asked(value)
    except ValueError:
        return "", NOT_BASE64
    if asked is None:
        return "", NOT_A_TEXT
    if isinstance(asked, GivenPicture):
        return asked, None
    texts = [asked] if isinstance(asked, str) else [asked.query, *asked.texts]
    problem = next((found for text in texts if (found := _problem_of(text))), None)
    return (asked, None) if problem is None else ("", problem)


def _asked(value: Any) -> Input | None:
    match value:
        case str() as text:
            return text
        case {"text": str() as text, **rest} if not rest:
            return text
        case {"query": str() as query, "texts": [*texts], **rest} if not rest and 0 < len(texts) <= MOST_CANDIDATES:
            return Candidates(query, tuple(texts)) if all(isinstance(text, str) for text in texts) else None
        case {"picture": str() as sent, **rest} if not rest:
            return sent_picture(sent, "picture")
    return None


def _problem_of(text: str) -> LineProblem | None:
    if not text.strip():
        return EMPTY
    if len(text) > LONGEST_TEXT:
        return TOO_LONG
    return NOT_STORABLE if "\x00" in text else None
