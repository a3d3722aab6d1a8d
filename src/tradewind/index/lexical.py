"""The text index of a catalogue: BM25 over weighted fields, filters inside the search."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import tantivy
from tantivy import FieldType, Occur, Query

from tradewind.errors import ArtefactError
from tradewind.index.arrays import load_json
from tradewind.index.bm25 import Collection
from tradewind.index.facets import FacetTable
from tradewind.index.filters import Filters
from tradewind.index.hits import Hits, best
from tradewind.index.lexical_fields import WEIGHTS, filter_term
from tradewind.index.understanding import Unit

WORD_FIELDS = tuple(name for name in WEIGHTS if name != "grams")
KEPT_FREQUENCIES = 16_384
"""Terms whose number of items is remembered: a query asks for each of its terms in every field, and several times."""


class LexicalIndex:
    """Reads what write_lexical wrote. Thread-safe: it never changes."""

    def __init__(self, folder: Path) -> None:
        facts = load_json(folder, "lexical")
        self.collection = Collection(facts["items"], facts["mean_lengths"])
        self._rows_are_documents: bool = facts["rows_are_documents"]
        self._index = _open(folder / "lexical")
        self._schema, self._searcher = self._index.schema, self._index.searcher()
        self._frequency = lru_cache(maxsize=KEPT_FREQUENCIES)(self._searcher.doc_freq)

    def frequency(self, field: str, term: str) -> int:
        """Returns how many items hold `term` in `field`."""
        return self._frequency(field, term)

    def items_with(self, term: str) -> int:
        """Returns how many items hold `term` in the field of words that holds it most often; at least 1."""
        return max(1, *(self._frequency(field, term) for field in WORD_FIELDS))

    def knows(self, term: str) -> bool:
        """Says whether any item holds `term` in a field of words."""
        return any(self._frequency(field, term) for field in WORD_FIELDS)

    def knows_gram(self, gram: str) -> bool:
        """Says whether any item holds the Han character or pair `gram`."""
        return self._frequency("grams", gram) > 0

    def search(self, units: Iterable[Unit], k: int, *, every: bool, narrowed: Query | None, hidden: np.ndarray) -> Hits:
        """Returns the `k` best rows that match every unit (or any), pass `narrowed` and are not among `hidden`."""
        query = self._query(units, every=every, narrowed=narrowed)
        if query is None or k < 1 or not self.collection.items:
            return Hits.none()
        spare = 16
        while True:
            limit = min(k + min(spare, len(hidden)), self.collection.items)
            rows, scores = self._run(query, limit)
            kept = ~np.isin(rows, hidden) if len(hidden) else np.ones(len(rows), dtype=bool)
            if np.count_nonzero(kept) >= k or len(rows) < limit or spare >= len(hidden):
                return best(rows[kept], scores[kept], rows[kept], k)
            spare *= 8

    def narrow(self, filters: Filters, facets: FacetTable) -> Query | None:
        """Returns the query that only rows passing `filters` match, None for no filters; `facets` names the values."""
        clauses = []
        for name, values in sorted(filters.terms.items()):
            if values:
                known = facets.places[name]
                terms = sorted({filter_term(facets, name, value) for value in values if value in known})
                clauses.append(Query.term_set_query(self._schema, "filter", terms))
        if filters.price_min is not None or filters.price_max is not None:
            low, high = filters.price_min, filters.price_max
            clauses.append(Query.range_query(self._schema, "price", FieldType.Float, low, high))
        if filters.in_stock:
            clauses.append(Query.term_query(self._schema, "filter", "in_stock", "basic"))
        if not clauses:
            return None
        return Query.const_score_query(Query.boolean_query([(Occur.Must, clause) for clause in clauses]), 0.0)

    def _run(self, query: Query, limit: int) -> tuple[np.ndarray, np.ndarray]:
        found = self._searcher.search(query, limit, count=False).hits
        scores = np.asarray([score for score, _ in found], dtype=np.float32)
        if self._rows_are_documents:
            return np.asarray([place.doc for _, place in found], dtype=np.int64), scores
        places = [place for _, place in found]
        return np.asarray(self._searcher.fast_field_values("row", places), dtype=np.int64), scores

    def _query(self, units: Iterable[Unit], *, every: bool, narrowed: Query | None) -> Query | None:
        parts = [self._unit(unit, every=every) for unit in units]
        if not parts or (every and not all(parts)):
            return None
        occur = Occur.Must if every else Occur.Should
        flat = [(occur, Query.boolean_query([(Occur.Should, leaf) for leaf in part])) for part in parts if part]
        if not every and narrowed is None:
            flat = [(Occur.Should, leaf) for part in parts for leaf in part]
        if not flat:
            return None
        text = Query.boolean_query(flat)
        return text if narrowed is None else Query.boolean_query([(Occur.Must, text), (Occur.Must, narrowed)])

    def _unit(self, unit: Unit, *, every: bool) -> list[Query]:
        """Returns queries any of which matches `unit`; where it has `others`, one query that scores the best of all."""
        own = self._own(unit)
        if not unit.others:
            return own
        ways = [Query.boolean_query([(Occur.Should, leaf) for leaf in own])] if own else []
        for other in unit.others:
            parts = [self._own(word) for word in other.words]
            if all(parts) if every else any(parts):
                occur = Occur.Must if every else Occur.Should
                words = [Query.boolean_query([(Occur.Should, leaf) for leaf in part]) for part in parts if part]
                ways.append(Query.boost_query(Query.boolean_query([(occur, word) for word in words]), other.weight))
        return [Query.disjunction_max_query(ways)] if ways else []

    def _own(self, unit: Unit) -> list[Query]:
        leaves = [
            self._leaf(field, term, weight * WEIGHTS[field])
            for term, weight in unit.terms
            for field in WORD_FIELDS
            if self.frequency(field, term)
        ]
        if unit.grams and all(self.knows_gram(gram) for gram in unit.grams):
            pairs = [(Occur.Must, self._leaf("grams", gram, WEIGHTS["grams"])) for gram in unit.grams]
            leaves.append(Query.boolean_query(pairs))
        return leaves

    def _leaf(self, field: str, term: str, weight: float) -> Query:
        return Query.boost_query(Query.term_query(self._schema, field, term, "freq"), weight)


def _open(folder: Path) -> tantivy.Index:
    """Returns the index in `folder` without writing to it.

    Opening takes a lock file beside the index's own files, and a published folder may be read-only and must stay as it
    was signed; so the index is opened through a folder of links that lasts only until its files are mapped. A thread of
    the library may still hold its lock there when the folder goes; then the folder stays behind, which harms nobody.
    """
    with tempfile.TemporaryDirectory(prefix="tradewind-lexical-", ignore_cleanup_errors=True) as links:
        for path in folder.glob("*"):
            (Path(links) / path.name).symlink_to(path.resolve())
        try:
            index = tantivy.Index.open(links)
            index.config_reader("manual")
            index.reload()
            index.searcher()
        except ValueError as error:
            raise ArtefactError(f"the text index cannot be read: {error}", where=str(folder)) from None
    return index
