"""The parts of an indexed catalogue, memory-mapped from one immutable folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tradewind.index.analysis import Analyser
from tradewind.index.arrays import map_array
from tradewind.index.cooccurrence import Companions, open_companions
from tradewind.index.documents import Documents
from tradewind.index.facets import FacetTable, open_facets
from tradewind.index.filters import Filters
from tradewind.index.glossary.translator import translator_for
from tradewind.index.lexical import LexicalIndex
from tradewind.index.segmentation import Segmenter
from tradewind.index.selection import Selection, SelectionCache
from tradewind.index.spelling import Vocabulary
from tradewind.index.suggest import Completer
from tradewind.index.vectors import VectorIndex


@dataclass(frozen=True, slots=True, eq=False)
class RowFacts:
    """What is known of every base row by its number."""

    popularity: NDArray[np.float32]
    updated_at: NDArray[np.int64]
    trending_rows: NDArray[np.int64]
    trending_scores: NDArray[np.float32]
    together_of: NDArray[np.int32] | None
    together_vectors: NDArray[np.float16] | None


class Base:
    """Base rows 0..size-1, in the order of popularity and then of item id. Thread-safe: its parts never change."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.documents = Documents(folder)
        self.facets: FacetTable = open_facets(folder)
        self.text = LexicalIndex(folder)
        self.vocabulary = Vocabulary(folder)
        self.vectors = VectorIndex(folder)
        self.companions: Companions = open_companions(folder)
        self.completer = Completer(folder)
        self.analyser = Analyser(Segmenter(facts["own_words"]))
        self.translator = translator_for(
            self.analyser, facts["languages"], self.vocabulary.languages(), facts.get("own_glossary", ())
        )
        self.rows = _row_facts(folder, together=facts["together"])
        self._selections = SelectionCache()

    @property
    def size(self) -> int:
        """The number of base rows."""
        return self.documents.size

    def select(self, filters: Filters) -> Selection | None:
        """Returns the base rows that pass `filters`, None for no filters. Raises RequestError for an unknown field."""
        if not filters:
            return None
        return self._selections.get(filters.key(), lambda: self._selection(filters), self.size)

    def _selection(self, filters: Filters) -> Selection:
        return Selection(self.facets.select(filters), self.size, self.vectors.text_of, self.vectors.size)

    def together_vector(self, row: int) -> NDArray[np.float32]:
        """Returns the vector of role `together` of base row `row`; its passage vector when none were indexed."""
        if self.rows.together_of is None or self.rows.together_vectors is None:
            return self.vectors.vector_of(row)
        return np.asarray(self.rows.together_vectors[self.rows.together_of[row]], dtype=np.float32)


def _row_facts(folder: Path, *, together: bool) -> RowFacts:
    names = ("popularity", "updated_at", "trending_rows", "trending_scores")
    found = [map_array(folder, name) for name in names]
    pair = [map_array(folder, name) if together else None for name in ("together_of", "together_float16")]
    return RowFacts(found[0], found[1], found[2], found[3], pair[0], pair[1])
