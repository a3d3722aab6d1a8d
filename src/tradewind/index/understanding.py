"""What a typed query is taken to mean: units that must match, corrections made, words nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tradewind.index.analysis import Analyser, Token, gram_query
from tradewind.index.glossary.entries import simplified
from tradewind.index.glossary.translator import Translator, stems_of, words_of
from tradewind.index.units import Understanding, Unit, Way, Words

__all__ = ["Interpreter", "Understanding", "Unit", "Way", "Words"]

PART_WEIGHT = 0.5
"""What a shorter word inside a Chinese word counts for, beside the whole word."""
BESIDE_WEIGHT = 0.5
"""What a translation counts for where the catalogue knows the word itself: texts in the query's language come first."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What one word of the query was read as: `unit` is None when nobody knows it."""

    surface: str
    unit: Unit | None
    correction: str | None = None
    translations: tuple[str, ...] = ()
    foreign: bool = False
    """Whether the catalogue knows it by its translations only."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Reads queries against what a catalogue knows.

    `known` says whether any item holds a term, `gram_known` whether any holds a character or pair, `nearest` gives the
    closest known term or None; `translator` is there where the catalogue and its shoppers differ in language, and
    `rarity` then gives the weight (idf) of a term that so many items hold, `held` how many hold a term.
    """

    analyser: Analyser
    known: Callable[[str], bool]
    gram_known: Callable[[str], bool]
    nearest: Callable[[str], str | None]
    translator: Translator | None = None
    held: Callable[[str], int] = lambda term: 1
    rarity: Callable[[int], float] = lambda items: 1.0

    def read(self, query: str) -> Understanding:
        """Returns what `query` means here; any text is fine, and one without words gives no units."""
        found = list(self._words(query))
        foreign = any(word.foreign for word in found)
        return Understanding(
            units=tuple(word.unit for word in found if word.unit is not None),
            corrections=tuple((word.surface, word.correction) for word in found if word.correction is not None),
            dropped=tuple(word.surface for word in found if word.unit is None),
            translations=tuple((word.surface, word.translations) for word in found if word.translations),
            in_its_language=" ".join(map(_in_its_language, filter(_tells, found))) if foreign else "",
        )

    def _words(self, query: str) -> Iterator[_Found]:
        to_english = self.translator is not None and self.translator.to_english
        cut = self.translator.cut if self.translator is not None and to_english else None
        tokens = self.analyser.query(query, cut)
        at = 0
        while at < len(tokens):
            if tokens[at].han:
                size, found = 1, self._han_word(tokens[at])
            else:
                size, found = self._words_from(tokens, at)
            yield found
            at += size

    def _words_from(self, tokens: list[Token], at: int) -> tuple[int, _Found]:
        """Returns how many tokens from `at` on are one meaning, and what it was read as."""
        size, chinese = 0, tuple[str, ...]()
        if self.translator is not None and self.translator.to_chinese:
            ahead = [token.term for token in tokens[at : at + 8] if not token.han]
            size, chinese = self.translator.chinese_of(ahead)
        told = tokens[at : at + max(size, 1)]
        ways = [(word, way) for word in chinese if (way := self._cut_han(word))]
        own = tuple(Unit(token.surface, ((token.term, 1.0),)) for token in told if self.known(token.term))
        if not ways:
            return 1, self._word(tokens[at])
        surface = " ".join(token.surface for token in told)
        itself = (own,) if len(own) == len(told) else ()
        unit = _joined(surface, itself, self._weighed([way for _, way in ways], beside=bool(itself)))
        return len(told), _Found(surface, unit, None, tuple(word for word, _ in ways), foreign=not itself)

    def _word(self, token: Token) -> _Found:
        if self.known(token.term):
            return _Found(token.surface, Unit(token.surface, ((token.term, 1.0),)))
        meant = self.nearest(token.term)
        terms = (meant,) if meant else self._split(token.term)
        if not terms:
            return _Found(token.surface, None)
        return _Found(token.surface, Unit(token.surface, tuple((term, 1.0) for term in terms)), " ".join(terms))

    def _split(self, term: str) -> tuple[str, ...]:
        """Returns the two known words that `term` is written together from, the longest first word winning."""
        for at in range(len(term) - 3, 2, -1):
            if self.known(term[:at]) and self.known(term[at:]):
                return term[:at], term[at:]
        return ()

    def _han_word(self, token: Token) -> _Found:
        phrases = self.translator.english_of(token.term) if self.translator is not None else ()
        own = self._own_ways(token)
        ways = [(phrase, way) for phrase in _distinct(phrases) if (way := self._english(phrase))]
        unit = _joined(token.surface, own, self._weighed([way for _, way in ways], beside=bool(own)))
        return _Found(token.surface, unit, None, tuple(phrase for phrase, _ in ways), foreign=bool(ways and not own))

    def _own_ways(self, token: Token) -> tuple[Words, ...]:
        """Returns how Chinese texts say a Chinese word: as it is or as shorter words, as typed or simplified."""
        if self.translator is None:
            unit = self._han(token)
            return ((unit,),) if unit else ()
        ways = (self._cut_han(word) for word in dict.fromkeys((token.term, simplified(token.term))))
        return tuple(way for way in ways if way)

    def _cut_han(self, word: str) -> Words:
        """Returns the units of the dictionary's words in `word`, none unless all are known."""
        if not self.gram_known(word[0]):
            return ()
        units = [self._han(self.analyser.han(cut)) for cut in self.analyser.segmenter.cut(word)]
        return tuple(unit for unit in units if unit is not None) if all(units) else ()

    def _weighed(self, ways: list[Words], *, beside: bool) -> list[Way]:
        """Returns the translations of one word, none of which counts more for being a rarer word than the others.

        Pirkola, "The effects of query structure and dictionary setups in dictionary-based cross-language information
        retrieval" (SIGIR 1998): what several translations share is one concept, as rare as all of them together. How
        many items hold a phrase is taken from its rarest word.
        """
        counts = [min(max((self.held(term) for term, _ in word.terms), default=1) for word in way) for way in ways]
        together = self.rarity(sum(counts))
        base = BESIDE_WEIGHT if beside else 1.0
        return [Way(way, base * together / self.rarity(count)) for way, count in zip(ways, counts, strict=True)]

    def _english(self, phrase: str) -> Words:
        """Returns a unit for every word of `phrase`, none unless the catalogue knows them all."""
        words = words_of(phrase)
        if not words or not all(self.known(stem) for stem, _ in words):
            return ()
        return tuple(Unit(written, ((stem, 1.0),)) for stem, written in words)

    def _han(self, token: Token) -> Unit | None:
        terms = [(term, PART_WEIGHT) for term in token.parts if self.known(term)]
        if self.known(token.term):
            terms.insert(0, (token.term, 1.0))
        pairs = gram_query(token.term)
        all_pairs = pairs if all(self.gram_known(pair) for pair in pairs) else ()
        return Unit(token.surface, tuple(terms), all_pairs) if terms or all_pairs else None


def _distinct(phrases: tuple[str, ...]) -> list[str]:
    """Returns `phrases` without those that the index could not tell from an earlier one."""
    first: dict[tuple[str, ...], str] = {}
    for phrase in phrases:
        first.setdefault(stems_of(phrase), phrase)
    return list(first.values())


def _joined(surface: str, own: tuple[Words, ...], translated: list[Way]) -> Unit | None:
    """Returns the unit that any of these ways matches; the only own way, if of one word, is the unit itself."""
    if not own and not translated:
        return None
    alone = own[0][0] if len(own) == 1 and len(own[0]) == 1 else Unit(surface)
    ways = [Way(words) for words in own] if not alone.terms and not alone.grams else []
    return replace(alone, surface=surface, others=(*ways, *translated))


def _tells(word: _Found) -> bool:
    """Returns whether the word says something beside its neighbours; a character left over from cutting does not."""
    return word.unit is not None or len(word.surface) > 1


def _in_its_language(word: _Found) -> str:
    return word.translations[0] if word.foreign else word.correction or word.surface
