"""Slips of the finger in Latin words: a neighbouring key, a letter left out, doubled, or out of turn."""

from __future__ import annotations

import re
from random import Random
from typing import Final

ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD: Final = re.compile(r"[A-Za-z]{4,}")


def typo(text: str, random: Random) -> str:
    """Returns the text with one slip in one word of four letters or more; its first letter stays."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = random.choice(words)
    place = random.randrange(1, len(word.group()))
    slip = random.choice((_neighbouring, _left_out, _doubled, _out_of_turn))(word.group(), place, random)
    return text[: word.start()] + slip + text[word.end() :]


def neighbours(letter: str) -> str:
    """Returns the keys beside `letter` on its row of a keyboard and on the rows next to it."""
    for row, keys in enumerate(ROWS):
        at = keys.find(letter.lower())
        if at >= 0:
            near = [ROWS[other][max(0, at - 1) : at + 2] for other in (row - 1, row, row + 1) if 0 <= other < len(ROWS)]
            return "".join(near).replace(letter.lower(), "")
    return ""


def _neighbouring(word: str, place: int, random: Random) -> str:
    near = neighbours(word[place])
    return word[:place] + random.choice(near) + word[place + 1 :] if near else word


def _left_out(word: str, place: int, random: Random) -> str:
    return word[:place] + word[place + 1 :]


def _doubled(word: str, place: int, random: Random) -> str:
    return word[:place] + word[place] + word[place:]


def _out_of_turn(word: str, place: int, random: Random) -> str:
    if place + 1 == len(word):
        place -= 1
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
