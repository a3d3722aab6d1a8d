"""From item ids to hits that pass the filters."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tradewind.data.features.profile import Profile
from tradewind.engine.parts import View
from tradewind.index.filters import Filters
from tradewind.index.hits import Hits


def hits_of(view: View, scored: Iterable[tuple[str, float]], filters: Filters, window: int) -> Hits:
    """Returns the items of `scored` (id, score; best first) that are in the catalogue and pass, at most `window`."""
    rows: list[int] = []
    scores: list[float] = []
    for item_id, score in scored:
        row = view.row_of(item_id)
        if row is None:
            continue
        rows.append(row)
        scores.append(score)
        if len(rows) == window and not filters:
            break
    return passing(view, Hits.of(rows, scores), filters).top(window)


def passing(view: View, hits: Hits, filters: Filters) -> Hits:
    """Returns the hits whose items pass the filters, in the same order."""
    if not filters or not len(hits):
        return hits
    kept = np.isin(hits.rows, view.select(filters))
    return Hits(rows=hits.rows[kept], scores=hits.scores[kept])


def times_bought(view: View, hits: Hits, profile: Profile) -> dict[int, dict[str, int]]:
    """Returns, by row, how many baskets of the person held the item, as a reason shows it."""
    rows = hits.rows.tolist()
    return {row: {"times": profile.times_bought[item.id]} for row, item in zip(rows, view.items(rows), strict=True)}
