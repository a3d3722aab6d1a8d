"""What the ranker reads of an item, and the words and numbers that a text holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tradewind.evaluation.bm25 import words

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_SHORT: Final = 3
"""Words of this length are not taken for plurals: "gps", "bus"."""


@dataclass(frozen=True, slots=True)
class ItemFields:
    """The texts of an item and its numbers; what is not known is empty or None."""

    title: str
    description: str = ""
    brand: str = ""
    attributes: str = ""
    price: float | None = None
    popularity: float = 0.0


def stems(text: str) -> list[str]:
    """Returns the lower-case words of `text` without the English plural's s; Chinese runs as their pairs."""
    return [_singular(word) for word in words(text)]


def numbers(text: str) -> frozenset[str]:
    """Returns the numbers in `text` as they are written, a decimal comma as a point."""
    return frozenset(found.replace(",", ".") for found in _NUMBER.findall(text))


def _singular(word: str) -> str:
    if len(word) > _SHORT and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > _SHORT and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
