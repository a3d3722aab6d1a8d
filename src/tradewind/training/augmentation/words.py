"""Words left out or put in another order: Wei and Zou, "EDA: easy data augmentation", EMNLP 2019.

Chinese is written without spaces; there a character takes the place of a word.
"""

from __future__ import annotations

import re
from random import Random

_UNIT = re.compile(r"[一-鿿]|[^\s一-鿿]+|\s+")


def swapped(text: str, random: Random) -> str:
    """Returns the text with two neighbouring words, or Chinese characters, in each other's place."""
    units, places = _units(text)
    if len(places) < 2:
        return text
    place = random.randrange(len(places) - 1)
    first, second = places[place], places[place + 1]
    units[first], units[second] = units[second], units[first]
    return "".join(units)


def dropped(text: str, random: Random) -> str:
    """Returns the text without one word or Chinese character; a text of one is left alone, and so are numbers."""
    units, places = _units(text)
    free = [place for place in places if not any(letter.isdigit() for letter in units[place])]
    if len(places) < 2 or not free:
        return text
    units[random.choice(free)] = ""
    return re.sub(r"\s+", " ", "".join(units))


def _units(text: str) -> tuple[list[str], list[int]]:
    """Returns the text in pieces, and the places of those that are no space."""
    units = _UNIT.findall(text)
    return units, [place for place, unit in enumerate(units) if not unit.isspace()]
