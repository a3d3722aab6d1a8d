"""A text translated and back again (Sennrich et al., ACL 2016), by any translation model."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

Translate = Callable[[str, str], str]
"""A text and the language wanted (`zh` or `en`) in, its translation out."""


def back_translated(translate: Translate) -> Callable[[str, Random], str]:
    """Returns a change that takes a text to the other language and back; an empty answer leaves it alone."""

    def change(text: str, random: Random) -> str:
        own = "zh" if any("一" <= letter <= "鿿" for letter in text) else "en"
        there = translate(text, "en" if own == "zh" else "zh")
        return (translate(there, own) if there.strip() else "") or text

    return change
