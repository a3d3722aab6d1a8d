"""Texts one a line: JSON Lines, each line a text or `{"text": "…"}`; a bad line is named and keeps its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import orjson

LONGEST_TEXT: Final = 50_000
"""Characters of one text."""
LONGEST_LINE: Final = 1_000_000
"""Bytes of one line: a text at its longest, every character escaped, has room."""


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Why a line cannot be answered: a stable word, and a sentence."""

    code: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "detail": self.detail}


NOT_JSON: Final = LineProblem("not-json", 'a line is JSON in UTF-8: "a text" or {"text": "a text"}')
NOT_A_TEXT: Final = LineProblem("not-a-text", 'a line is "a text" or {"text": "a text"}, and nothing else')
EMPTY: Final = LineProblem("empty", "there is no text on this line")
TOO_LONG: Final = LineProblem("too-long", f"a text may have {LONGEST_TEXT:,} characters")
NOT_STORABLE: Final = LineProblem("not-text", "a NUL is not text")


@dataclass(frozen=True, slots=True)
class TextLine:
    """Line `number` (from 1), its text or what is wrong with it, and the offset of the byte after it."""

    number: int
    text: str
    problem: LineProblem | None
    end: int


def read_lines(file: BinaryIO, number: int = 1) -> Iterator[TextLine]:
    """Yields the lines of `file` from where it stands, the first being line `number`; each byte is read once.

    A line of more than LONGEST_LINE bytes is passed over without being held.
    """
    while raw := file.readline(LONGEST_LINE + 1):
        problem = None
        if len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            _pass_over(file)
            problem, text = TOO_LONG, ""
        else:
            text, problem = _read(raw)
        yield TextLine(number, text, problem, file.tell())
        number += 1


def _pass_over(file: BinaryIO) -> None:
    while (more := file.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
        pass


def _read(raw: bytes) -> tuple[str, LineProblem | None]:
    if not raw.strip():
        return "", EMPTY
    try:
        value: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return "", NOT_JSON
    text = value.get("text") if isinstance(value, dict) and len(value) == 1 else value
    if not isinstance(text, str):
        return "", NOT_A_TEXT
    return (text, None) if (problem := _problem_of(text)) is None else ("", problem)


def _problem_of(text: str) -> LineProblem | None:
    if not text.strip():
        return EMPTY
    if len(text) > LONGEST_TEXT:
        return TOO_LONG
    return NOT_STORABLE if "\x00" in text else None
