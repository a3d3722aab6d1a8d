"""Writes the text index of a catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tantivy

from tradewind.data.records import Item
from tradewind.errors import StoreError
from tradewind.index.analysis import Analyser
from tradewind.index.arrays import save_json
from tradewind.index.facets import FacetTable
from tradewind.index.lexical_fields import WEIGHTS, field_terms, filter_term, lexical_schema
from tradewind.index.spelling import write_vocabulary
from tradewind.telemetry import Progress

HEAP_BYTES = 256_000_000


@dataclass(slots=True)
class _Counts:
    lengths: Counter[str] = field(default_factory=Counter)
    vocabulary: Counter[str] = field(default_factory=Counter)

    def add(self, fields: Mapping[str, Sequence[str]]) -> None:
        for name, terms in fields.items():
            self.lengths[name] += len(terms)
        self.vocabulary.update({term for name, terms in fields.items() if name != "grams" for term in terms})


def write_lexical(
    folder: Path, items: Iterable[Item], facets: FacetTable, analyser: Analyser, progress: Progress
) -> None:
    """Writes `items`, row by row in their order, with the filter terms of `facets`; and the vocabulary beside it.

    One thread writes one segment as long as the heap holds it, so that document numbers are row numbers and equal
    scores come back in the order of the rows. Raises StoreError when the disk does not take it.
    """
    place = folder / "lexical"
    place.mkdir()
    index = tantivy.Index(lexical_schema(), str(place), reuse=False)
    writer, counts, passes = index.writer(HEAP_BYTES, 1), _Counts(), _FilterTerms(facets)
    try:
        for row, item in enumerate(items):
            fields = field_terms(item, analyser)
            counts.add(fields)
            writer.add_document(_document(row, fields, passes))
            progress.advance()
        writer.commit()
        writer.wait_merging_threads()
    except ValueError as error:
        raise StoreError(f"the text index could not be written: {error}", where=str(place)) from None
    index.reload()
    write_vocabulary(folder, counts.vocabulary)
    means = {name: counts.lengths[name] / max(facets.size, 1) for name in WEIGHTS}
    facts = {"items": facets.size, "mean_lengths": means, "rows_are_documents": index.searcher().num_segments <= 1}
    save_json(folder, "lexical", facts)
    _settle(place)


@dataclass(slots=True)
class _FilterTerms:
    """The terms by which a row passes filters: one per field, one per level of its category, one for stock."""

    facets: FacetTable
    known: dict[tuple[str, int], list[str]] = field(default_factory=dict)

    def of(self, row: int) -> list[str]:
        terms = ["in_stock"] if self.facets.in_stock[row] else []
        for name, found in self.facets.fields.items():
            code = int(found.codes[row])
            if code >= 0:
                terms += self.known.get((name, code)) or self._learn(name, code)
        return terms

    def _learn(self, name: str, code: int) -> list[str]:
        values = self.facets.above(name, self.facets.fields[name].values[code])
        self.known[name, code] = [filter_term(self.facets, name, value) for value in values]
        return self.known[name, code]


def _document(row: int, fields: Mapping[str, Sequence[str]], passes: _FilterTerms) -> tantivy.Document:
    document = tantivy.Document()
    for name, terms in fields.items():
        document.add_text(name, " ".join(terms))
    for term in passes.of(row):
        document.add_text("filter", term)
    price = float(passes.facets.price[row])
    if price == price:
        document.add_float("price", price)
    document.add_unsigned("row", row)
    return document


def _settle(place: Path) -> None:
    """Drops the writer's lock files and lets every process of the shop read what is left."""
    for path in place.iterdir():
        if path.name.endswith(".lock"):
            path.unlink()
        else:
            path.chmod(0o644)
