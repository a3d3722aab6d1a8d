"""Retrieval over a view: text, meaning, and their filters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tradewind.index.filters import NO_FILTERS, Filters
from tradewind.index.hits import Hits, Rows, best
from tradewind.index.quantise import exact_scores
from tradewind.index.spelling import choose
from tradewind.index.understanding import Interpreter, Understanding, Unit
from tradewind.index.vectors import as_query
from tradewind.index.view_rows import ViewRows

Role = Literal["passage", "together"]
ENOUGH = 10
"""When fewer items match every word of a query, items that match some of its words are found too."""


class ViewSearch(ViewRows):
    """What finds rows by a query's words or by a vector."""

    def understand(self, query: str) -> Understanding:
        """Returns what `query` is read as: the words searched for, the corrections made, the words nobody knows."""
        return self._interpreter.read(query)

    def lexical(self, query: str, k: int, filters: Filters = NO_FILTERS) -> Hits:
        """Returns the `k` best rows by BM25 over weighted fields.

        Every word must match; where fewer than ENOUGH items do, some words are enough. Any text is fine. Raises
        RequestError for an unknown filter field.
        """
        return self.lexical_units(self.understand(query).units, k, filters)

    def lexical_units(self, units: Sequence[Unit], k: int, filters: Filters = NO_FILTERS) -> Hits:
        """Returns what `lexical` does for a query that `understand` has read already."""
        strict = self._match(units, k, filters, every=True)
        if sum(unit.words for unit in units) < 2 or len(strict) >= min(k, ENOUGH):
            return strict
        return self._match(units, k, filters, every=False)

    def vector(
        self, vector: NDArray[np.float32], k: int, filters: Filters = NO_FILTERS, per_text: int | None = None
    ) -> Hits:
        """Returns the `k` rows nearest to `vector` (float32, any length) by cosine.

        Where hundreds of items share one text, `per_text` keeps the most popular so many of each, so that other texts
        come in too; an item that changed since indexing counts as a text of its own.
        Raises RequestError for a vector of another dimension or an unknown filter field.
        """
        selection = self.base.select(filters)
        found = self.base.vectors.search(vector, k, selection, self.live.hidden, per_text)
        query = as_query(vector, self.base.vectors.dimension)
        if not len(self.live) or not query.any():
            return found
        places = self._near_live(query, self.live.facets.select(filters), k)
        return self._merge(found, places, exact_scores(self.live.vectors[places], query), k)

    def vector_of(self, row: int, role: Role = "passage") -> NDArray[np.float32]:
        """Returns the vector of `row`, float32 (d,) of length 1.

        A live row has a passage vector only, and so has a catalogue that was indexed without `together` vectors; that
        one is returned then.
        """
        if row >= self.first_live:
            own: NDArray[np.float32] = self.live.vectors[row - self.first_live]
            return own
        return self.base.together_vector(row) if role == "together" else self.base.vectors.vector_of(row)

    def vectors_of(self, rows: Sequence[int] | Rows, role: Role = "passage") -> NDArray[np.float32]:
        """Returns the vectors of `rows`, float32 (n, d)."""
        found = [self.vector_of(int(row), role) for row in rows]
        return np.stack(found) if found else np.zeros((0, self.base.vectors.dimension), dtype=np.float32)

    @cached_property
    def _interpreter(self) -> Interpreter:
        base, live = self.base.text, self.live.text
        return Interpreter(
            self.base.analyser,
            lambda term: base.knows(term) or live.knows(term),
            lambda gram: base.knows_gram(gram) or live.knows_gram(gram),
            self._nearest,
            self.base.translator,
            base.items_with,
            base.collection.idf,
        )

    def _near_live(self, query: NDArray[np.float32], places: NDArray[np.int64], k: int) -> NDArray[np.int64]:
        """Returns the live `places` that may be among the `k` nearest, as a fast product tells."""
        places = places[self.live.has_vector[places]]
        if len(places) <= k:
            return places
        rough = self.live.vectors[places] @ query
        bar = np.partition(rough, len(rough) - k)[len(rough) - k]
        return np.asarray(places[rough >= bar - np.float32(1e-4)], dtype=np.int64)

    def _nearest(self, word: str) -> str | None:
        found = self.base.vocabulary.nearest(word)
        if not len(self.live):
            return found
        known = [] if found is None else [(found, self.base.vocabulary.items(found))]
        return choose(word, [*known, *self.live.text.new_terms])

    def _match(self, units: Sequence[Unit], k: int, filters: Filters, *, every: bool) -> Hits:
        selection = self.base.select(filters)
        places, scores = self.live.text.search(units, every=every)
        allowed = np.isin(places, self.live.facets.select(filters)) if filters else np.ones(len(places), dtype=bool)
        found = Hits.none()
        if selection is None or len(selection.rows):
            narrowed = None if selection is None else self.base.text.narrow(filters, self.base.facets)
            found = self.base.text.search(units, k, every=every, narrowed=narrowed, hidden=self.live.hidden)
        return self._merge(found, places[allowed], scores[allowed], k)

    def _merge(self, found: Hits, places: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> Hits:
        if not len(places):
            return found
        rows = np.concatenate([found.rows, places + self.first_live])
        return best(rows, np.concatenate([found.scores, scores]), self.standing(rows), k)
