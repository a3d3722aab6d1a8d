"""The vector index of a catalogue: a memory-mapped graph of int8 vectors, exact scores, filters inside the search."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tradewind.errors import RequestError
from tradewind.index.arrays import load_json, map_array
from tradewind.index.graph import EXPANSION_SEARCH, Graph, scan
from tradewind.index.hits import Hits, Rows, best
from tradewind.index.quantise import exact_scores, to_int8, unit_length
from tradewind.index.selection import Selection

GRAPH_COST = 16.0
"""What finding one more vector through the graph costs, in vectors scanned."""
SPARE = 54
"""Vectors found beyond those asked for, so that exact scores can put right what one byte a component got wrong."""


LOPSIDED = 4
"""Few texts have most of the rows, and the texts near a query may not be among them."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ranked:
    """Texts and their exact scores, best first."""

    texts: NDArray[np.int64]
    scores: NDArray[np.float32]


class VectorIndex:
    """Reads what write_vectors wrote. Thread-safe: it never changes.

    Identical vectors are stored once: `text_of[row]` is the vector of a row, and the rows of vector t are
    `members[starts[t]:starts[t + 1]]`, ascending.
    """

    def __init__(self, folder: Path) -> None:
        facts = load_json(folder, "vectors")
        self.dimension: int = facts["dimension"]
        self.text_of = map_array(folder, "text_of")
        self._members, self._starts = map_array(folder, "text_members"), map_array(folder, "text_starts")
        self._precise, self._codes = map_array(folder, "vectors_float16"), map_array(folder, "vectors_int8")
        self.size = len(self._starts) - 1
        self._graph = Graph(folder / "vectors.usearch", self.dimension) if facts["graph"] else None

    def vector_of(self, row: int) -> NDArray[np.float32]:
        """Returns the vector of `row`, float32 (d,)."""
        found: NDArray[np.float32] = self._precise[self.text_of[row]].astype(np.float32)
        return found

    def search(
        self,
        vector: NDArray[np.float32],
        k: int,
        selection: Selection | None,
        hidden: np.ndarray,
        per_text: int | None = None,
    ) -> Hits:
        """Returns the `k` rows nearest to `vector` by cosine that are in `selection` (None: all) and not `hidden`.

        Equal scores are ordered by row. With `per_text` no vector brings more than its first so many rows.
        Raises RequestError when the vector has another dimension than the catalogue.
        """
        query = as_query(vector, self.dimension)
        reachable = self.size if selection is None else len(selection.texts)
        if k < 1 or not reachable or not query.any():
            return Hits.none()
        wanted = min(self._expected(k, selection, per_text), reachable)
        while True:
            texts = self._nearest(query, wanted + SPARE, selection)
            scores = exact_scores(self._precise[texts], query)
            order = np.argsort(-scores, kind="stable")
            ranked = _Ranked(texts[order], scores[order])
            hits, read = self._filled(ranked, k, selection, hidden, per_text)
            if (len(hits) >= k and read <= wanted) or wanted >= reachable:
                return hits
            wanted = min(max(wanted * 4, read), reachable)

    def _expected(self, k: int, selection: Selection | None, per_text: int | None) -> int:
        """Returns how many texts `k` rows most likely take: a few times what they take where every text has as many."""
        texts, rows = self.size, len(self.text_of)
        if selection is not None:
            texts, rows = len(selection.texts), len(selection.rows)
        each = min(rows / texts, per_text or np.inf)
        return min(k, LOPSIDED * ceil(k / max(each, 1.0)))

    def _filled(
        self, ranked: _Ranked, k: int, selection: Selection | None, hidden: np.ndarray, per_text: int | None
    ) -> tuple[Hits, int]:
        """Returns the `k` best rows of the `ranked` texts, and how many of these texts had to be opened for them.

        Texts of one score are opened together, since their rows stand in the order of rows.
        """
        sizes = self._starts[ranked.texts + 1] - self._starts[ranked.texts]
        filled = np.cumsum(sizes if per_text is None else np.minimum(sizes, per_text))
        aim = k
        while True:
            read = min(int(np.searchsorted(filled, aim)) + 1, len(filled))
            read = int(np.searchsorted(-ranked.scores, -ranked.scores[read - 1], side="right"))
            rows, of = self._rows(ranked.texts[:read], selection, hidden)
            if per_text is not None:
                first = _place_in_run(of) < per_text
                rows, of = rows[first], of[first]
            if len(rows) >= k or read == len(filled):
                return best(rows, ranked.scores[of], rows, k), read
            aim *= 4

    def _nearest(self, query: NDArray[np.float32], count: int, selection: Selection | None) -> NDArray[np.int64]:
        """Returns at least min(count, as many as there are) nearest texts of the selection, in no particular order."""
        code = to_int8(query[None])[0]
        total = self.size if selection is None else len(selection.texts)
        widened = int(count * self.size / total * 1.25) + SPARE if total < self.size else count
        if self._graph is None or total <= max(count, max(widened, EXPANSION_SEARCH) * GRAPH_COST):
            return scan(self._codes, code, count, None if selection is None else selection.texts)
        found = self._graph.near(code, widened)
        if selection is None:
            return found
        passed = found[selection.has_text[found]]
        return passed if len(passed) >= count else scan(self._codes, code, count, selection.texts)

    def _rows(self, texts: NDArray[np.int64], selection: Selection | None, hidden: np.ndarray) -> tuple[Rows, Rows]:
        """Returns the rows of `texts` that pass, text by text and ascending in each; and which of `texts` each has."""
        begin, end = self._starts[texts], self._starts[texts + 1]
        sizes = end - begin
        of = np.repeat(np.arange(len(texts)), sizes)
        rows = self._members[begin[of] + _place_in_run(of)].astype(np.int64)
        kept = np.ones(len(rows), dtype=bool) if selection is None else selection.mask[rows]
        if len(hidden):
            kept &= ~np.isin(rows, hidden)
        return rows[kept], of[kept]


def _place_in_run(values: Rows) -> Rows:
    """Returns how many equal values stand directly before each of `values`."""
    starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]])) if len(values) else values
    sizes = np.diff(np.concatenate([starts, [len(values)]]))
    return np.asarray(np.arange(len(values)) - np.repeat(starts, sizes), dtype=np.int64)


def as_query(vector: NDArray[np.float32], dimension: int) -> NDArray[np.float32]:
    """Returns `vector` at length 1. Raises RequestError when it does not have `dimension` components."""
    found = np.asarray(vector, dtype=np.float32).reshape(-1)
    if len(found) != dimension:
        raise RequestError(f"a vector of {len(found)} components does not fit a catalogue of {dimension}")
    return unit_length(found[None]).reshape(-1)
