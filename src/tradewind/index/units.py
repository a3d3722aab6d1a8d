"""A query as it is searched for: words, other ways to say them, and what was made of the query."""

from __future__ import annotations

from dataclasses import dataclass

Words = tuple["Unit", ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """One word of the query: any of its `terms` (term, weight) matches, and so do its `grams` when all are there.

    `others` are other ways to say it. An item scores by the best way it matches.
    """

    surface: str
    terms: tuple[tuple[str, float], ...] = ()
    grams: tuple[str, ...] = ()
    others: tuple[Way, ...] = ()

    @property
    def words(self) -> int:
        """How many words the longest way to say it has."""
        return max([1, *(len(other.words) for other in self.others)])


@dataclass(frozen=True, slots=True)
class Way:
    """One way to say a word: `words` that must all be there, whose score counts `weight`."""

    words: tuple[Unit, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Understanding:
    """The `units` to search for, `corrections` as (typed, read as), and the words that were `dropped` as unknown.

    `translations` are (typed, words of the other language that the catalogue holds). `in_its_language` is the query
    with every word that the catalogue lacks replaced by the first of its translations, "" without such a word.
    """

    units: tuple[Unit, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    translations: tuple[tuple[str, tuple[str, ...]], ...] = ()
    in_its_language: str = ""
