"""A glossary as a catalogue uses it: only in the directions that can find something there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tradewind.index.analysis import Analyser
from tradewind.index.glossary.cutting import cut
from tradewind.index.glossary.entries import Entry, packaged, parse, simplified
from tradewind.index.stemming import light_stem

MAX_RUN = 200
MAX_WAYS = 8
"""Chinese words that an English phrase is looked for as."""
_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)?|[^\W\d_]+")
Phrase = tuple[str, ...]
"""The stems of an English phrase."""
MAX_PHRASE = 4
"""Words of the longest English phrase that is read as one meaning."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """Both directions: a Chinese word to English phrases (as written), an English phrase to Chinese words."""

    english: dict[str, tuple[str, ...]]
    chinese: dict[Phrase, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Translator:
    """Finds the words of a query in a glossary. `to_english` and `to_chinese` say which directions are of use here."""

    glossary: Glossary
    analyser: Analyser
    to_english: bool
    to_chinese: bool

    def cut(self, run: str) -> list[str]:
        """Returns the words of a run of Chinese: the glossary's, and the dictionary's where it has none.

        Beyond MAX_RUN characters, which nobody types, the dictionary cuts alone.
        """
        if len(run) > MAX_RUN:
            return self.cut(run[:MAX_RUN]) + self.analyser.segmenter.cut(run[MAX_RUN:])
        known, plain = self.glossary.english, simplified(run)
        words: list[str] = []
        at = 0
        for piece, is_word in cut(plain, known.__contains__):
            told = run[at : at + len(piece)]
            at += len(piece)
            words += [told] if is_word else self.analyser.segmenter.cut(told)
        return words

    def english_of(self, word: str) -> tuple[str, ...]:
        """Returns the English phrases for the Chinese `word`, the most usual one first; none when there is none."""
        return self.glossary.english.get(simplified(word), ()) if self.to_english else ()

    def chinese_of(self, stems: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        """Returns how many of `stems`, from the first on, name one meaning, and the Chinese words for it; (0, ())."""
        for size in range(min(MAX_PHRASE, len(stems)), 0, -1):
            found = self.glossary.chinese.get(tuple(stems[:size]))
            if found:
                return size, found
        return 0, ()


def translator_for(
    analyser: Analyser, spoken: Iterable[str], held: Iterable[str], own: Sequence[str] = ()
) -> Translator | None:
    """Returns the translator of a shop whose shoppers speak `spoken` and whose texts are in the languages `held`.

    `own` are the lines of the shop's glossary. None when no direction is of use: then nothing is even loaded.
    """
    to_english = "zh" in spoken and "en" in held
    to_chinese = "en" in spoken and "zh" in held
    if not (to_english or to_chinese):
        return None
    return Translator(glossary_of(tuple(own)), analyser, to_english, to_chinese)


@lru_cache(maxsize=4)
def glossary_of(own: tuple[str, ...] = ()) -> Glossary:
    """Returns the packaged glossary, with the entries of `own` in place of its entries for the same words."""
    english: dict[str, tuple[str, ...]] = {}
    chinese: dict[Phrase, tuple[str, ...]] = {}
    for entries in (parse(own, where="the shop's glossary"), packaged()):
        told: dict[Phrase, list[tuple[int, str]]] = {}
        for word, phrases in _by_word(entries).items():
            if word not in english:
                english[word] = phrases
                for place, phrase in enumerate(phrases):
                    told.setdefault(stems_of(phrase), []).append((place, word))
        chinese = {phrase: _nearest_first(words) for phrase, words in told.items()} | chinese
    return Glossary(english, chinese)


def _nearest_first(words: list[tuple[int, str]]) -> tuple[str, ...]:
    """Returns the words that a phrase is the most usual one for, then the others; MAX_WAYS at most, each once."""
    ordered = sorted(words, key=lambda pair: pair[0])
    return tuple(dict.fromkeys(word for _, word in ordered))[:MAX_WAYS]


def stems_of(phrase: str) -> Phrase:
    """Returns the terms that the words of a folded English phrase are indexed by."""
    return tuple(stem for stem, _ in words_of(phrase))


@lru_cache(maxsize=8192)
def words_of(phrase: str) -> tuple[tuple[str, str], ...]:
    """Returns (term, word as written) for every word of a folded English phrase."""
    return tuple((light_stem(word), word) for word in _WORD.findall(phrase))


def _by_word(entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        for word in entry.chinese:
            found[word] = tuple(dict.fromkeys((*found.get(word, ()), *entry.english)))
    return found
