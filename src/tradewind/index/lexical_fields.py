"""The fields an item is found by in text, and what each weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import tantivy

from tradewind.data.records import Item
from tradewind.index.analysis import Analyser, grams
from tradewind.index.facets import FacetTable

WEIGHTS: Mapping[str, float] = MappingProxyType(
    {"title": 3.0, "category": 1.5, "brand": 1.2, "attributes": 0.6, "text": 0.4, "grams": 0.3}
)
"""How much a match in each field counts; `text` holds only what no other field does, `grams` Han characters."""


def field_terms(item: Item, analyser: Analyser) -> dict[str, Sequence[str]]:
    """Returns the terms of every field of `item` that has any."""
    levels = dict.fromkeys(term for level in item.category for term in analyser.terms(level))
    values = [value for name, value in sorted(item.attributes.items())]
    found: dict[str, Sequence[str]] = {
        "title": analyser.terms(item.title),
        "category": list(levels),
        "brand": analyser.terms(item.brand or ""),
        "attributes": [term for value in values for term in analyser.terms(str(value))],
        "grams": grams(" ".join([item.title, *item.category, item.brand or "", *map(str, values)])),
    }
    told = {term for terms in found.values() for term in terms}
    found["text"] = [term for term in analyser.terms(item.text) if term not in told]
    return {name: terms for name, terms in found.items() if terms}


def lexical_schema() -> tantivy.Schema:
    """Returns the schema of the text index: analysed fields, filter terms, price, and the row of the item."""
    builder = tantivy.SchemaBuilder()
    for name in WEIGHTS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("filter", tokenizer_name="raw", index_option="basic")
    builder.add_float_field("price", fast=True, indexed=True)
    builder.add_unsigned_field("row", fast=True)
    return builder.build()


def filter_term(facets: FacetTable, name: str, value: str) -> str:
    """Returns the term that the rows holding `value` in the field `name` carry; both must be known to `facets`."""
    return f"{list(facets.fields).index(name)}:{facets.places[name][value]}"
