"""Searches in Chinese over an English catalogue: what a glossary says they mean, and which texts hold that.

A fifth of the meanings, told by a hash, is never learned: what the encoder finds for those words it has not been told.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.tasks.catalogue_texts import CatalogueTexts
from tradewind.tasks.query_check import JudgedQuery, QueryCheck

Rows = npt.NDArray[np.int64]
_HELD_OUT: Final = 5
"""One meaning in so many is held out."""
_ENOUGH: Final = 20
"""Right items that a held-out word needs, as many as a judged query has."""
_FOREIGN: Final = 0.01
_USUAL: Final = 3
_PAIRED: Final = 0.6
_HAN: Final = re.compile("[㐀-鿿]")
_NAME: Final = re.compile(r"[.,;]")


@dataclass(frozen=True, slots=True)
class Meaning:
    """One meaning: `chinese` words and `english` phrases for it, the most usual one first."""

    chinese: tuple[str, ...]
    english: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Glosses:
    """Meanings, and `stems`, which gives the words of an English text in the form in which they are compared."""

    meanings: tuple[Meaning, ...]
    stems: Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Translated:
    """Chinese `queries`, what each says in English, and as `right` the numbers of the texts that hold that."""

    queries: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    right: tuple[Rows, ...] = ()

    def __len__(self) -> int:
        return len(self.queries)


def parted(glosses: Glosses) -> tuple[Glosses, Glosses]:
    """Returns the meanings to learn and those held out; no learned word holds a held-out one of two characters."""
    held = tuple(meaning for meaning in glosses.meanings if _is_held_out(meaning))
    words = {word for meaning in held for word in meaning.chinese}
    longer = [word for word in words if len(word) > 1]
    learned = []
    for meaning in glosses.meanings:
        left = tuple(w for w in meaning.chinese if w not in words and not any(part in w for part in longer))
        learned += [replace(meaning, chinese=left)] if left else []
    return replace(glosses, meanings=tuple(learned)), replace(glosses, meanings=held)


def translated(texts: Sequence[str], glosses: Glosses, composed: int, seed: int) -> Translated:
    """Returns each word of the glossary, and `composed` queries of one or two words that say what a text's name says.

    Nothing for a catalogue that holds Chinese texts of its own: its shoppers find those without English between.
    """
    if not is_english(texts) or not glosses.meanings:
        return Translated()
    holding = _Holding(texts, glosses)
    found = [(word, m.english[0], holding.any_of(m.english[:_USUAL])) for m in glosses.meanings for word in m.chinese]
    found += _composed(texts, holding, composed, np.random.default_rng(seed))
    queries, said, right = zip(*found, strict=True)
    return Translated(queries, said, tuple(np.array(sorted(numbers), dtype=np.int64) for numbers in right))


def held_out_check(catalogue: CatalogueTexts, held: Glosses) -> QueryCheck | None:
    """Returns the held-out words as queries: right is every item whose text holds a translation. None without any."""
    if not is_english(catalogue.texts):
        return None
    holding = _Holding(catalogue.texts, held)
    queries, right = [], []
    for meaning in held.meanings:
        texts = np.zeros(len(catalogue.texts), dtype=bool)
        texts[list(holding.any_of(meaning.english))] = True
        if catalogue.sizes[texts].sum() < _ENOUGH:
            continue
        items = texts[catalogue.text_of]
        for word in meaning.chinese:
            queries.append(JudgedQuery(query=word, right=list(meaning.english), language="zh"))
            right.append(items)
    return QueryCheck(catalogue, tuple(queries), tuple(right)) if queries else None


def without_learned_words(check: QueryCheck, learned: Glosses) -> QueryCheck:
    """Returns the Chinese queries that hold no learned word of two characters: what the glossary cannot have told."""
    words = {word for meaning in learned.meanings for word in meaning.chinese if len(word) > 1}
    kept = [
        number
        for number, query in enumerate(check.queries)
        if query.language == "zh" and not any(word in query.query for word in words)
    ]
    return replace(check, queries=tuple(check.queries[n] for n in kept), right=tuple(check.right[n] for n in kept))


def is_english(texts: Sequence[str]) -> bool:
    """Returns whether hardly any of the texts holds Chinese."""
    return sum(bool(_HAN.search(text)) for text in texts) <= _FOREIGN * len(texts)


def _is_held_out(meaning: Meaning) -> bool:
    return int(hashlib.sha256(meaning.chinese[0].encode()).hexdigest(), 16) % _HELD_OUT == 0


class _Holding:
    """Finds the texts that hold all words of a phrase, and the meanings that a text's name holds."""

    def __init__(self, texts: Sequence[str], glosses: Glosses) -> None:
        self._stems = glosses.stems
        self._texts: dict[str, set[int]] = {}
        for number, text in enumerate(texts):
            for stem in set(glosses.stems(text)):
                self._texts.setdefault(stem, set()).add(number)
        self._meanings: dict[str, list[tuple[str, str, tuple[str, ...]]]] = {}
        for meaning in glosses.meanings:
            for phrase in meaning.english[:_USUAL]:
                stems = glosses.stems(phrase)
                entries = self._meanings.setdefault(stems[0], []) if stems else []
                entries += [(word, phrase, stems) for word in meaning.chinese]

    def all_of(self, stems: Sequence[str]) -> set[int]:
        """Returns the texts that hold every one of `stems`."""
        return set.intersection(*(self._texts.get(stem, set()) for stem in stems)) if stems else set()

    def any_of(self, phrases: Sequence[str]) -> set[int]:
        """Returns the texts that hold every word of one of the phrases."""
        return set().union(*(self.all_of(self._stems(phrase)) for phrase in phrases))

    def said_by(self, name: str) -> list[tuple[int, str, str, tuple[str, ...]]]:
        """Returns (place, Chinese word, English phrase, its stems) for each meaning that `name` holds."""
        stems = self._stems(name)
        return [
            (place, *entry)
            for place, stem in enumerate(stems)
            for entry in self._meanings.get(stem, ())
            if set(entry[2]) <= set(stems)
        ]


def _composed(
    texts: Sequence[str], holding: _Holding, count: int, random: np.random.Generator
) -> list[tuple[str, str, set[int]]]:
    told = [said for said in (holding.said_by(_NAME.split(text)[0]) for text in texts) if said]
    made = []
    for turn in random.integers(0, max(1, len(told)), count if told else 0):
        said = told[int(turn)]
        first = said[int(random.integers(len(said)))]
        others = [other for other in said if not set(other[3]) & set(first[3])]
        more = others and random.random() < _PAIRED
        parts = sorted([first, others[int(random.integers(len(others)))]] if more else [first])
        right = set.intersection(*(holding.all_of(part[3]) for part in parts))
        made.append(("".join(part[1] for part in parts), " ".join(part[2] for part in parts), right))
    return made
