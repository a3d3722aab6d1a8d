"""Glossaries as files: the packaged one, a shop's own, and the table of traditional characters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from tradewind.errors import ConfigError
from tradewind.index.analysis import fold
from tradewind.index.segmentation import HAN

MAX_WORD = 12
"""Characters of the longest Chinese word that a glossary may hold."""
_HAN = re.compile(f"[{HAN}]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One meaning: the Chinese words for it (folded, simplified) and the English phrases, the most usual one first."""

    chinese: tuple[str, ...]
    english: tuple[str, ...]


@lru_cache(maxsize=1)
def packaged() -> tuple[Entry, ...]:
    """Returns the glossary that comes with the package."""
    text = (files(__package__) / "zh_en.tsv").read_text(encoding="utf-8")
    return parse(text.splitlines(), where="zh_en.tsv")


def read_glossary(path: Path) -> list[str]:
    """Returns the lines of a shop's own glossary that hold an entry: Chinese words, a tab, English phrases.

    Words are parted by spaces, phrases by semicolons; `#` begins a comment. Raises ConfigError when the file is not
    there, not UTF-8, or a line is not an entry.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ConfigError(f"the glossary cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} of the glossary is not UTF-8", where=str(path)) from None
    parse(lines, where=str(path))
    return [line for line in lines if line.split("#")[0].strip()]


def parse(lines: Iterable[str], *, where: str) -> tuple[Entry, ...]:
    """Returns the entries written in `lines`. Raises ConfigError naming the line that is none."""
    found = []
    for number, line in enumerate(lines, 1):
        told = line.split("#")[0].strip()
        if told:
            found.append(_entry(told, f"{where}, line {number}"))
    return tuple(found)


def simplified(text: str) -> str:
    """Returns `text` with its traditional characters, as far as the table has them, made simplified."""
    return text if text.isascii() else text.translate(_traditional())


def traditional(text: str) -> str:
    """Returns `text` with its simplified characters, as far as the table has them, made traditional.

    Where several traditional characters became one, the first that the table names is taken.
    """
    return text if text.isascii() else text.translate(_simplified())


def _entry(told: str, where: str) -> Entry:
    left, _, right = told.partition("\t")
    chinese = tuple(simplified(fold(word)) for word in left.split())
    english = tuple(phrase for phrase in (fold(each).strip() for each in right.split(";")) if phrase)
    if not chinese or not english:
        raise ConfigError(
            "this is no entry of a glossary", where=where, hint="Chinese words, a tab, English phrases parted by `;`"
        )
    for word in chinese:
        if len(word) > MAX_WORD or not _HAN.search(word):
            raise ConfigError(f"{word!r} is not Chinese of at most {MAX_WORD} characters", where=where)
    return Entry(chinese, english)


@lru_cache(maxsize=1)
def _traditional() -> dict[int, str]:
    text = (files(__package__) / "traditional.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {ord(pair[0]): pair[1] for line in lines for pair in line.split()}


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    found: dict[int, str] = {}
    for code, plain in _traditional().items():
        found.setdefault(ord(plain), chr(code))
    return found
