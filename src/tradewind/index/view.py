"""A catalogue and what changed since, at one delta number: everything the engine asks of an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tradewind.index.facets import FacetCount
from tradewind.index.filters import NO_FILTERS, Filters
from tradewind.index.hits import Hits, Rows
from tradewind.index.live_suggest import LiveCompleter
from tradewind.index.suggest import Completion
from tradewind.index.view_search import ViewSearch

FACET_LIMIT = 100
"""Values of a field that are counted in a reply."""


class CatalogueView(ViewSearch):
    """An immutable value: the same view gives the same answers, on any worker. Thread-safe."""

    def facets(self, rows: Rows, fields: Iterable[str], limit: int = FACET_LIMIT) -> dict[str, list[FacetCount]]:
        """Returns how often `rows` hold each value of `fields`, exactly: the `limit` most frequent.

        A category counts for every level of its path. `price` is no field here: see price_range. Raises RequestError
        for a field that this catalogue does not count.
        """
        wanted, found = list(fields), np.asarray(rows, dtype=np.int64)
        live = found[found >= self.first_live] - self.first_live
        base = self.base.facets.counts(found[found < self.first_live], wanted, None if len(live) else limit)
        if not len(live):
            return base
        return {name: _sum(base[name], own)[:limit] for name, own in self.live.facets.counts(live, wanted).items()}

    def facets_all(
        self, filters: Filters, fields: Iterable[str], limit: int = FACET_LIMIT
    ) -> dict[str, list[FacetCount]]:
        """Returns the facets of every item that passes `filters`. Raises RequestError for an unknown field."""
        return self.facets(self.select(filters), fields, limit)

    def price_range(self, rows: Rows) -> tuple[float, float] | None:
        """Returns the lowest and the highest known price of `rows`, None when none is known."""
        prices = self.prices(rows)
        known = prices[~np.isnan(prices)]
        return (float(known.min()), float(known.max())) if len(known) else None

    def complete(self, prefix: str, k: int) -> list[Completion]:
        """Returns the `k` best completions of what was typed so far; any text is fine."""
        return self._completer.complete(prefix, k)

    def together(self, row: int, k: int) -> Hits:
        """Returns the `k` rows most surely bought together with `row`: scores are log-likelihood ratios."""
        return self._companions(row, k)[0]

    def together_counts(self, row: int, k: int) -> NDArray[np.int32]:
        """Returns, for each hit of `together`, the number of baskets that held both."""
        return self._companions(row, k)[1]

    def popular(self, k: int, filters: Filters = NO_FILTERS) -> Hits:
        """Returns the `k` most wanted rows that pass `filters`; scores are popularity. Raises RequestError."""
        rows = self.select(filters)[: max(k, 0)]
        return Hits(rows, self.popularity(rows))

    def trending(self, k: int, filters: Filters = NO_FILTERS) -> Hits:
        """Returns the `k` rows that rise most against before; fewer when fewer rise. Raises RequestError."""
        rows = self.current(self.base.rows.trending_rows)
        kept = rows >= 0
        if filters:
            passed = np.zeros(self.first_live + len(self.live), dtype=bool)
            passed[self.select(filters)] = True
            kept &= passed[np.maximum(rows, 0)]
        return Hits(rows[kept], self.base.rows.trending_scores[kept]).top(k)

    @cached_property
    def _completer(self) -> LiveCompleter:
        gone = (self.base.documents.item(int(row)) for row in self.live.hidden)
        return LiveCompleter.over(self.base.completer, gone, self.live.items, self.base.analyser)

    def _companions(self, row: int, k: int) -> tuple[Hits, NDArray[np.int32]]:
        base_row = row if row < self.first_live else int(self.live.replaced[row - self.first_live])
        if base_row < 0:
            return Hits.none(), np.zeros(0, dtype=np.int32)
        found, where = self.base.companions, self.base.companions.of(base_row)
        rows = self.current(found.rows[where].astype(np.int64))
        kept = np.flatnonzero(rows >= 0)[: max(k, 0)]
        return Hits(rows[kept], found.scores[where][kept]), found.counts[where][kept]


def _sum(left: list[FacetCount], right: list[FacetCount]) -> list[FacetCount]:
    totals: Counter[str] = Counter()
    for each in (*left, *right):
        totals[each.value] += each.count
    return [FacetCount(value, count) for value, count in sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))]
