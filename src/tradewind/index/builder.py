"""Builds an index: one immutable folder out of items, their vectors and what people did."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tradewind.data.records import ITEM_SCHEMA
from tradewind.errors import DataError
from tradewind.index.analysis import Analyser
from tradewind.index.arrays import save_array, save_json
from tradewind.index.catalogue import FORMAT
from tradewind.index.cooccurrence import count_companions, write_companions
from tradewind.index.documents import items_of, write_documents
from tradewind.index.facets import facet_table, write_facets
from tradewind.index.glossary.entries import read_glossary
from tradewind.index.lexical_build import write_lexical
from tradewind.index.popularity import decayed_popularity, trend, weighted_events, write_popularity
from tradewind.index.segmentation import Segmenter, read_words
from tradewind.index.suggest_build import common_queries, write_suggest
from tradewind.index.vectors_build import write_together, write_vectors
from tradewind.settings import IndexSettings
from tradewind.telemetry import Progress, SilentProgress

_PARTS = ("tantivy", "usearch", "rjieba", "numpy", "pyarrow")


def build(
    items: pa.Table,
    vectors: NDArray[np.float32],
    events: pa.Table,
    settings: IndexSettings,
    languages: Sequence[str],
    together: NDArray[np.float32] | None,
    out: Path,
    progress: Progress | None = None,
    *,
    change: int = 0,
) -> None:
    """Writes the index of `items` (ITEM_SCHEMA) to the folder `out`.

    `vectors` and `together` are float32 (n, d), row-aligned with `items`, of the roles `passage` and `together`.
    `events` (EVENT_SCHEMA) give popularity, trends, what is bought together and common queries. `change` is the store's
    last live change that `items` hold. What lay at `out` before is replaced once all is written; a build that was
    killed leaves nothing there. Raises DataError for rows that do not fit, StoreError for a full disk.
    """
    _check(items, vectors, together)
    half_made = out.with_name(out.name + ".partial")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(parents=True)
    _Build(half_made, settings, tuple(languages), progress or SilentProgress(), change).run(
        items, vectors, events, together
    )
    shutil.rmtree(out, ignore_errors=True)
    half_made.rename(out)


@dataclass(frozen=True, slots=True)
class _Build:
    folder: Path
    settings: IndexSettings
    languages: tuple[str, ...]
    progress: Progress
    change: int

    def run(
        self, items: pa.Table, vectors: NDArray[np.float32], events: pa.Table, together: NDArray[np.float32] | None
    ) -> None:
        order, popularity = self._rank(items, events)
        items = items.take(pa.array(order)).combine_chunks()
        self._write_items(items, popularity, events)
        self._companions(items, events)
        self.progress.start("Index vectors", len(order))
        write_vectors(self.folder, vectors, order, self.progress)
        if together is not None:
            write_together(self.folder, together, order)
        self._write_facts(items, together=together is not None)

    def _rank(self, items: pa.Table, events: pa.Table) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Returns the order of rows, most wanted first and then by id, and the popularity of each ordered row."""
        ids = items.column("id").combine_chunks()
        seen = weighted_events(ids, events)
        popularity = decayed_popularity(len(ids), *seen, self.settings.popularity_half_life_days)
        trends = trend(len(ids), *seen, self.settings.trending_days)
        keys = pa.table({"popularity": popularity, "id": ids})
        order = pc.sort_indices(keys, [("popularity", "descending"), ("id", "ascending")]).to_numpy().astype(np.int64)
        write_popularity(self.folder, popularity[order], trends[order])
        return order, popularity[order]

    def _write_items(self, items: pa.Table, popularity: NDArray[np.float32], events: pa.Table) -> None:
        write_documents(self.folder, items)
        facets = facet_table(items_of(items), self.settings.facets)
        write_facets(self.folder, facets)
        updated = items.column("updated_at").cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        save_array(self.folder, "updated_at", pc.fill_null(updated, 0).to_numpy())
        analyser = Analyser(self._segmenter())
        self.progress.start("Index text", items.num_rows)
        write_lexical(self.folder, items_of(items), facets, analyser, self.progress)
        queries = common_queries(events, self.settings.suggest_min_people)
        write_suggest(self.folder, items_of(items), popularity, queries, analyser)

    def _companions(self, items: pa.Table, events: pa.Table) -> None:
        row_of = pc.index_in(events.column("item"), items.column("id").combine_chunks())
        write_companions(self.folder, count_companions(events, row_of, items.num_rows, self.settings.together_per_item))

    def _segmenter(self) -> Segmenter:
        return Segmenter(read_words(Path(self.settings.dictionary)) if self.settings.dictionary else ())

    def _glossary(self) -> list[str]:
        return read_glossary(Path(self.settings.glossary)) if self.settings.glossary else []

    def _write_facts(self, items: pa.Table, *, together: bool) -> None:
        facts = {
            "format": FORMAT,
            "items": items.num_rows,
            "change": self.change,
            "languages": list(self.languages),
            "facets": self.settings.facets,
            "own_words": list(self._segmenter().own_words),
            "own_glossary": self._glossary(),
            "together": together,
            "settings": self.settings.model_dump(mode="json"),
            "versions": {name: version(name) for name in _PARTS},
        }
        save_json(self.folder, "catalogue", facts)


def _check(items: pa.Table, vectors: NDArray[np.float32], together: NDArray[np.float32] | None) -> None:
    missing = [name for name in ITEM_SCHEMA.names if name not in items.column_names]
    if missing:
        raise DataError(f"the items lack {', '.join(missing)}")
    for role, found in (("passage", vectors), ("together", together)):
        if found is not None and (found.ndim != 2 or len(found) != items.num_rows):
            raise DataError(f"{items.num_rows} items need as many {role} vectors, not an array of shape {found.shape}")
