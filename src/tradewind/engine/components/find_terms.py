"""Which of the query's words a result holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tradewind.data.records import Item
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State
from tradewind.engine.words import Words, words_of
from tradewind.index.understanding import Understanding, Unit


@dataclass(frozen=True, slots=True)
class FindTerms:
    """Gives the rows of the page that the list `source` holds their evidence: the query's words that the item holds.

    A word that was read as another one, because it was misspelt, is given as what it was read as; a word that the item
    holds in another language only, as the item says it.
    """

    source: str = "lexical"
    name: str = "terms"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        hits = state.lists.get(self.source)
        if hits is None:
            return state
        matched = np.isin(state.page.rows, hits.rows).tolist()
        page = zip(state.page.rows.tolist(), state.items, matched, strict=True)
        found = {row: _held(item, state.understanding) for row, item, holds in page if holds}
        known = {row: {"terms": terms} for row, terms in found.items() if terms}
        return replace(state, evidence={**state.evidence, self.source: known})


def _held(item: Item, understanding: Understanding) -> list[str]:
    words = words_of(" ".join([item.title, *item.category, item.brand or "", *item.attributes.values()]))
    read_as = dict(understanding.corrections)
    held = [told for unit in understanding.units if (told := _told(words, unit))]
    return list(dict.fromkeys(read_as.get(told, told) for told in held))


def _told(words: Words, unit: Unit) -> str:
    """Returns the word of the query, or the words of the item that say the same; "" when the item has none."""
    if _holds(words.stems, words.folded, unit):
        return unit.surface
    found = [[word for word in way.words if _holds(words.stems, words.folded, word)] for way in unit.others]
    whole = [told for told, way in zip(found, unit.others, strict=True) if len(told) == len(way.words)]
    best = max(whole, key=len) if whole else max(found, key=len, default=[])
    return " ".join(word.surface for word in best)


def _holds(stems: frozenset[str], folded: str, unit: Unit) -> bool:
    """Returns whether the text has any of the unit's terms as a word, or, in Chinese, anywhere."""
    if any(term in stems or (not term.isascii() and term in folded) for term, _ in unit.terms):
        return True
    return bool(unit.grams) and all(gram in folded for gram in unit.grams)
