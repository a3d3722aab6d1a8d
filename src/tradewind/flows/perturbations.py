"""The changes of a text that a published model should survive, by name, for `evaluation.robustness`."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Final

from tradewind.evaluation.robustness import Change
from tradewind.index.glossary.entries import simplified, traditional
from tradewind.training.augmentation.typos import typo
from tradewind.training.augmentation.words import swapped

_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_NARROW: Final = {wide: narrow for narrow, wide in _WIDE.items()}


def recased(text: str, random: Random) -> str:
    """Returns the text in capitals, or in small letters where it has none."""
    return text.upper() if text != text.upper() else text.lower()


def rewidened(text: str, random: Random) -> str:
    """Returns the text in full-width forms, or in half-width ones where it has full-width ones."""
    narrow = text.translate(_NARROW)
    return narrow if narrow != text else text.translate(_WIDE)


def rescripted(text: str, random: Random) -> str:
    """Returns Chinese in traditional characters, or in simplified ones where it has traditional ones."""
    plain = simplified(text)
    return plain if plain != text else traditional(text)


PERTURBATIONS: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "typos": typo,
        "case": recased,
        "word order": swapped,
        "full or half width": rewidened,
        "traditional or simplified": rescripted,
    }
)
