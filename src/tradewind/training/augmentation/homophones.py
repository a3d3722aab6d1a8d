"""Chinese characters put in the place of others that sound the same, as a person who types by sound does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from random import Random

from pypinyin import lazy_pinyin


class Homophones:
    """Knows the characters of the shop's own texts by their sound, without tones."""

    def __init__(self, texts: Sequence[str]) -> None:
        letters = sorted({letter for text in texts for letter in text if _is_chinese(letter)})
        sounds = {letter: lazy_pinyin(letter)[0] for letter in letters}
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for letter, sound in sounds.items():
            alike[sound].append(letter)
        self._others = {
            letter: [other for other in alike[sound] if other != letter]
            for letter, sound in sounds.items()
            if len(alike[sound]) > 1
        }

    def __call__(self, text: str, random: Random) -> str:
        """Returns the text with one character in place of another that sounds the same and occurs in the shop."""
        places = [place for place, letter in enumerate(text) if letter in self._others]
        if not places:
            return text
        place = random.choice(places)
        return text[:place] + random.choice(self._others[text[place]]) + text[place + 1 :]


def _is_chinese(letter: str) -> bool:
    return "一" <= letter <= "鿿"
