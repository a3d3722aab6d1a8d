"""The rows of the items that changed since the catalogue was indexed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tradewind.data.records import Item
from tradewind.index.analysis import Analyser
from tradewind.index.delta import Change
from tradewind.index.facets import FacetTable, facet_table
from tradewind.index.lexical import LexicalIndex
from tradewind.index.lexical_fields import field_terms
from tradewind.index.live_text import AnalysedItem, LiveText
from tradewind.index.quantise import unit_length
from tradewind.telemetry import logger


@dataclass(frozen=True, slots=True, eq=False)
class LiveRows:
    """Items that were added or changed, and the base rows that they or a removal `hidden` (ascending).

    Live place p is row base size + p of the view. `standing[p]` is where it stands among rows of equal score: the base
    row that it replaces, or after all of them. `replaced[p]` is that base row or -1; `replacement` maps it to p.
    """

    items: Sequence[Item]
    hidden: NDArray[np.int64]
    standing: NDArray[np.int64]
    replaced: NDArray[np.int64]
    replacement: Mapping[int, int]
    places: Mapping[str, int]
    vectors: NDArray[np.float32]
    facets: FacetTable
    text: LiveText

    has_vector: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class LiveMaker:
    """Makes LiveRows; keeps the analysed text of changes it has seen, as the next delta holds most of them again."""

    lexical: LexicalIndex
    analyser: Analyser
    fields: Sequence[str]
    dimension: int
    seen: dict[tuple[str, int], AnalysedItem]

    def make(self, changes: Mapping[str, Change], base_rows: Mapping[str, int], base_size: int) -> LiveRows:
        """Returns the live rows of `changes`; `base_rows` gives the base row of every changed item that has one."""
        after = base_size
        kept = sorted((base_rows.get(name, after), name) for name, change in changes.items() if change.item is not None)
        live = [changes[name] for _, name in kept]
        items = [change.item for change in live if change.item is not None]
        standing = np.asarray([row if row < after else after + at for at, (row, _) in enumerate(kept)], dtype=np.int64)
        replaced = np.where(standing < after, standing, -1)
        return LiveRows(
            items=items,
            hidden=np.asarray(sorted(base_rows.values()), dtype=np.int64),
            standing=standing,
            replaced=replaced,
            replacement={int(row): at for at, row in enumerate(replaced) if row >= 0},
            places={item.id: at for at, item in enumerate(items)},
            vectors=(vectors := self._vectors(live)),
            has_vector=np.any(vectors != 0, axis=1, keepdims=False),
            facets=facet_table(items, self.fields),
            text=LiveText(self._analysed(live), self.lexical.collection, self.lexical.frequency),
        )

    def _analysed(self, live: Sequence[Change]) -> list[AnalysedItem]:
        found = {}
        for change in live:
            key = (change.item_id, change.number)
            if change.item is not None:
                found[key] = self.seen.get(key) or AnalysedItem.of(field_terms(change.item, self.analyser))
        self.seen.clear()
        self.seen.update(found)
        return list(found.values())

    def _vectors(self, live: Sequence[Change]) -> NDArray[np.float32]:
        """Returns one vector per change, rounded as the catalogue's are; zeros without one: found by text only."""
        rows = np.zeros((len(live), self.dimension), dtype=np.float32)
        for at, change in enumerate(live):
            if change.vector and len(change.vector) == 4 * self.dimension:
                rows[at] = np.frombuffer(change.vector, dtype="<f4")
            elif change.vector:
                logger.warning("change %d brings a vector that does not fit the catalogue", change.number)
        return unit_length(rows).astype(np.float16).astype(np.float32)
