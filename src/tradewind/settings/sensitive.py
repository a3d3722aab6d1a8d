"""What a profile never speaks of: health, pregnancy, religion, sex and minors, in English and Chinese.

Words are matched and not meanings, and rather too many than too few: baby carrots make no tag either. What slips
through is a word to add to the list beside this file, or a shop's own to give to `Sensitivity.extended`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from tradewind.errors import ConfigError

TOPICS: Final = ("health", "pregnancy", "religion", "sex", "minors")
AUDIENCE: Final = "audience"
_WORDS: Final = Path(__file__).with_name("sensitive_words.txt")
_TOKEN: Final = re.compile(r"[^\W\d_]+")
_HAN: Final = re.compile(r"[一-鿿]")


class Shelved(Protocol):
    """What an item is called: settings stand below the records, and read no more of one than this."""

    @property
    def title(self) -> str: ...

    @property
    def brand(self) -> str | None: ...

    @property
    def category(self) -> Sequence[str]: ...

    @property
    def attributes(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Per topic the pattern of its words; `AUDIENCE` words are kept apart."""

    patterns: Mapping[str, re.Pattern[str]]

    def topic(self, text: str | None) -> str | None:
        """Returns the first sensitive topic that a text touches, else None; words of an audience alone are none."""
        return self._first(text, TOPICS)

    def of_item(self, item: Shelved) -> str | None:
        """Returns the topic that the item's title, brand, category or attributes touch, else None."""
        attributes = [word for pair in item.attributes.items() for word in pair]
        return next((t for w in (item.title, item.brand, *item.category, *attributes) if (t := self.topic(w))), None)

    def readable_path(self, category: Sequence[str]) -> tuple[str, ...] | None:
        """Returns the levels of a category that a tag may show: none of an audience, and None for a sensitive path."""
        if any(self.topic(level) for level in category):
            return None
        return tuple(level for level in category if not self._first(level, (AUDIENCE,)))

    def allows(self, *texts: str) -> bool:
        """Whether none of these words touches a topic or names an audience: what a tag's own words must pass."""
        return not any(self._first(text, (*TOPICS, AUDIENCE)) for text in texts)

    def extended(self, words: Mapping[str, Iterable[str]]) -> Sensitivity:
        """Returns this with a shop's own words added per topic. Raises ConfigError for a topic that does not exist."""
        unknown = sorted(set(words) - {*TOPICS, AUDIENCE})
        if unknown:
            raise ConfigError(f"there is no sensitive topic {unknown[0]!r}", hint=f"known: {', '.join(TOPICS)}")
        more = {topic: _pattern(list(entries)) for topic, entries in words.items()}
        joined = {t: re.compile(f"{p.pattern}|{more[t].pattern}") if t in more else p for t, p in self.patterns.items()}
        return Sensitivity(joined)

    def _first(self, text: str | None, topics: Sequence[str]) -> str | None:
        words = _plain(text or "")
        return next((topic for topic in topics if self.patterns[topic].search(words)), None) if words else None


@cache
def default_sensitivity() -> Sensitivity:
    """Returns the list that comes with Tradewind."""
    entries: dict[str, list[str]] = {}
    topic = ""
    for line in _WORDS.read_text(encoding="utf-8").splitlines():
        word = line.strip()
        if word.startswith("["):
            topic = word.strip("[]")
            entries[topic] = []
        elif word and not word.startswith("#"):
            entries[topic].append(word)
    return Sensitivity({name: _pattern(words) for name, words in entries.items()})


def _plain(text: str) -> str:
    """Returns the text as " word word " without case, accents, width and punctuation; Chinese stays as it is."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    # An apostrophe joins ("women's"), everything else parts; what parts Chinese letters hides nothing.
    bare = re.sub(r"(?<=[一-鿿])[\s\W_]+(?=[一-鿿])", "", re.sub(r"['’`]", "", bare))
    return f" {' '.join(_TOKEN.findall(bare))} " if bare.strip() else ""


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    parts = []
    for word in words:
        stem = word.endswith("*")
        plain = _plain(word.rstrip("*")).strip()
        if plain:
            parts.append(re.escape(plain) if _HAN.search(plain) else f" {re.escape(plain)}{'' if stem else ' '}")
    return re.compile("|".join(parts) or r"(?!)")
