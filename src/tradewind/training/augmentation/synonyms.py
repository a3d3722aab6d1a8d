"""Words put in the place of others that mean the same, from the shop's own list, its glossary or its taxonomy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

_LATIN = re.compile(r"[a-z]", re.IGNORECASE)


class Synonyms:
    """Knows groups of words; any word of a group may stand for any other of its own script."""

    def __init__(self, groups: Sequence[Sequence[str]]) -> None:
        self._others: dict[str, list[str]] = {}
        for group in groups:
            words = [word.strip().lower() for word in group if word.strip()]
            for word in words:
                same = [other for other in words if other != word and _script(other) == _script(word)]
                self._others.setdefault(word, []).extend(same)
        self._others = {word: others for word, others in self._others.items() if others}
        longest_first = sorted(self._others, key=lambda word: (-len(word), word))
        self._pattern = re.compile("|".join(map(_whole, longest_first)), re.IGNORECASE) if longest_first else None

    def __call__(self, text: str, random: Random) -> str:
        """Returns the text with one word that is known in place of another."""
        found = list(self._pattern.finditer(text)) if self._pattern else []
        if not found:
            return text
        word = random.choice(found)
        return text[: word.start()] + random.choice(self._others[word.group().lower()]) + text[word.end() :]


def _whole(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if _LATIN.search(word) else re.escape(word)


def _script(word: str) -> bool:
    return bool(_LATIN.search(word))
