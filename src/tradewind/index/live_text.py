"""Text search over the few items that changed since the catalogue was indexed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tradewind.index.bm25 import Collection
from tradewind.index.lexical_fields import WEIGHTS
from tradewind.index.understanding import Unit

Posting = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class AnalysedItem:
    """How often each term occurs in each field, as (field, term, occurrences), and how many terms each field has."""

    counts: tuple[tuple[str, str, int], ...]
    lengths: Mapping[str, int]

    @classmethod
    def of(cls, fields: Mapping[str, Sequence[str]]) -> AnalysedItem:
        """Returns the counts of the terms of `fields`."""
        counts = [(name, term, often) for name, terms in fields.items() for term, often in Counter(terms).items()]
        return cls(tuple(counts), {name: len(terms) for name, terms in fields.items()})


class LiveText:
    """An inverted index in memory that scores as the catalogue's own does, with the catalogue's statistics.

    `frequency(field, term)` gives the catalogue's number of items with a term; a term that only live items hold is
    weighed by how many of those hold it.
    """

    def __init__(
        self, analysed: Sequence[AnalysedItem], base: Collection, frequency: Callable[[str, str], int]
    ) -> None:
        self._frequency, self.size = frequency, len(analysed)
        self._postings: dict[str, dict[str, Posting]] = {name: {} for name in WEIGHTS}
        self._lengths = [item.lengths for item in analysed]
        for place, item in enumerate(analysed):
            for name, term, often in item.counts:
                self._postings[name].setdefault(term, []).append((place, often))
        self._collection = self._statistics(base)

    def knows(self, term: str) -> bool:
        """Says whether any live item holds `term` in a field of words."""
        return any(term in self._postings[name] for name in WEIGHTS if name != "grams")

    def knows_gram(self, gram: str) -> bool:
        """Says whether any live item holds the Han character or pair `gram`."""
        return gram in self._postings["grams"]

    @cached_property
    def new_terms(self) -> tuple[tuple[str, int], ...]:
        """The terms of the fields of words that the catalogue does not hold, with their number of live items."""
        found: Counter[str] = Counter()
        for name in WEIGHTS:
            if name != "grams":
                found.update({term: len(posting) for term, posting in self._postings[name].items()})
        return tuple(pair for pair in found.items() if not any(self._frequency(name, pair[0]) for name in WEIGHTS))

    def search(self, units: Sequence[Unit], *, every: bool) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Returns (places, scores) of the live items that match every unit (or any), in no particular order."""
        if not self.size:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        scores, matched = np.zeros(self.size), np.zeros(self.size, dtype=np.int64)
        for unit in units:
            gained = self._unit(unit, every=every)
            scores += gained
            matched += gained > 0
        kept = np.flatnonzero(matched >= (len(units) if every else 1)) if units else np.zeros(0, dtype=np.int64)
        return kept, scores[kept].astype(np.float32)

    def _unit(self, unit: Unit, *, every: bool) -> NDArray[np.float64]:
        gained = self._own(unit)
        for other in unit.others:
            words = [self._own(word) for word in other.words]
            whole = np.all([word > 0 for word in words], axis=0) if every else np.ones(self.size, dtype=bool)
            gained = np.maximum(gained, np.where(whole, other.weight * np.sum(words, axis=0), 0.0))
        return gained

    def _own(self, unit: Unit) -> NDArray[np.float64]:
        gained = np.zeros(self.size)
        for term, weight in unit.terms:
            for name, field_weight in WEIGHTS.items():
                if name != "grams":
                    self._add(gained, name, term, weight * field_weight)
        if unit.grams:
            pairs = [self._add(np.zeros(self.size), "grams", gram, WEIGHTS["grams"]) for gram in unit.grams]
            gained += np.where(np.all([pair > 0 for pair in pairs], axis=0), np.sum(pairs, axis=0), 0.0)
        return gained

    def _add(self, gained: NDArray[np.float64], name: str, term: str, weight: float) -> NDArray[np.float64]:
        posting = self._postings[name].get(term)
        if not posting:
            return gained
        held = self._frequency(name, term) or len(posting)
        for place, occurrences in posting:
            gained[place] += weight * self._collection.score(name, occurrences, self._lengths[place][name], held)
        return gained

    def _statistics(self, base: Collection) -> Collection:
        own = {name: sum(lengths.get(name, 0) for lengths in self._lengths) / max(self.size, 1) for name in WEIGHTS}
        means = {name: base.mean_lengths.get(name) or own[name] for name in WEIGHTS}
        return Collection(base.items or self.size, means)
