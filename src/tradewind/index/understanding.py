"""What a typed query is taken to mean: units that must match, corrections made, words nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tradewind.index.analysis import Analyser, Token, gram_query

PART_WEIGHT = 0.5
"""What a shorter word inside a Chinese word counts for, beside the whole word."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One word of the query: any of its `terms` (term, weight) matches, and so do its `grams` when all are there."""

    surface: str
    terms: tuple[tuple[str, float], ...]
    grams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """The `units` to search for, `corrections` as (typed, read as), and the words that were `dropped` as unknown."""

    units: tuple[Unit, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Reads queries against what a catalogue knows.

    `known` says whether any item holds a term, `gram_known` whether any holds a character or pair, `nearest` gives the
    closest known term or None.
    """

    analyser: Analyser
    known: Callable[[str], bool]
    gram_known: Callable[[str], bool]
    nearest: Callable[[str], str | None]

    def read(self, query: str) -> Understanding:
        """Returns what `query` means here; any text is fine, and one without words gives no units."""
        units, corrections, dropped = list[Unit](), list[tuple[str, str]](), list[str]()
        for token in self.analyser.query(query):
            found = self._han(token) if token.han else self._word(token)
            if found:
                units.append(found)
            if not token.han and found and found.terms[0][0] != token.term:
                corrections.append((token.surface, " ".join(term for term, _ in found.terms)))
            if not found:
                dropped.append(token.surface)
        return Understanding(tuple(units), tuple(corrections), tuple(dropped))

    def _word(self, token: Token) -> Unit | None:
        if self.known(token.term):
            return Unit(token.surface, ((token.term, 1.0),))
        meant = self.nearest(token.term)
        if meant:
            return Unit(token.surface, ((meant, 1.0),))
        halves = self._split(token.term)
        return Unit(token.surface, tuple((half, 1.0) for half in halves)) if halves else None

    def _split(self, term: str) -> tuple[str, str] | None:
        """Returns the two known words that `term` is written together from, the longest first word winning."""
        for at in range(len(term) - 3, 2, -1):
            if self.known(term[:at]) and self.known(term[at:]):
                return term[:at], term[at:]
        return None

    def _han(self, token: Token) -> Unit | None:
        terms = [(term, PART_WEIGHT) for term in token.parts if self.known(term)]
        if self.known(token.term):
            terms.insert(0, (token.term, 1.0))
        pairs = gram_query(token.term)
        all_pairs = pairs if all(self.gram_known(pair) for pair in pairs) else ()
        return Unit(token.surface, tuple(terms), all_pairs) if terms or all_pairs else None
