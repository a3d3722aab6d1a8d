"""How a catalogue becomes items, as shop.yaml says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.abbreviations import Abbreviations
from tradewind.data.expressions import Columns, TemplateExpression, columns_of, parse_all
from tradewind.data.mapping import ATTRIBUTE_SEPARATOR, TEXT_FIELDS, text_template
from tradewind.data.records import CATEGORY_SEPARATOR
from tradewind.data.sentences import in_sentence_case
from tradewind.data.stock import availability_of
from tradewind.data.templates import Template
from tradewind.data.typed_columns import Mapped, TypedColumns, unreadable_parts, without_controls
from tradewind.data.values import to_texts
from tradewind.errors import ConfigError
from tradewind.settings import DerivedPrice, ItemSettings, ShopSettings

_HAN: Final = r"\p{Han}"


class ItemMapping:
    """How the catalogue becomes items."""

    def __init__(self, settings: ShopSettings, abbreviations: Abbreviations) -> None:
        self._settings = settings
        self._items: ItemSettings = settings.items
        self._abbreviations = abbreviations
        items = settings.items
        plain = {
            name: getattr(items, name)
            for name in ("id", "title", "brand", "image", "availability", "language", "updated_at")
        }
        price = None if isinstance(items.price, DerivedPrice) else items.price
        self._fields = parse_all({**plain, "price": price})
        self._levels = list(parse_all({str(place): text for place, text in enumerate(items.category)}).values())
        self._attributes = parse_all(dict(items.attributes))
        self._text = text_template(items.text)
        _require_text_fields(self._text, list(self._attributes))

    @property
    def columns(self) -> list[str]:
        """The source's columns that this mapping reads."""
        return columns_of([*self._fields.values(), *self._levels, *self._attributes.values()])

    def map(self, raw: Columns, rows: int) -> Mapped:
        """Returns the batch as columns of ITEM_SCHEMA's types."""
        given = {name: expression.evaluate(raw, rows) for name, expression in self._fields.items()}
        levels = {f"category.{place}": level.evaluate(raw, rows) for place, level in enumerate(self._levels)}
        attributes = {f"attributes.{name}": made.evaluate(raw, rows) for name, made in self._attributes.items()}
        typed = TypedColumns({**given, **levels, **attributes}, "UTC")
        nothing = pa.nulls(rows, pa.string())
        path = [self._worded(typed.text(name)) for name in levels]
        category = _joined(path, rows)
        brand = self._worded(typed.text("brand")) if "brand" in given else nothing
        title, filled = self._titles(typed, raw, path, brand, rows)
        words = {name: self._worded(typed.text(f"attributes.{name}")) for name in self._attributes}
        columns = {
            "id": typed.text("id"),
            "title": title,
            "category": category.fill_null(""),
            "brand": brand,
            "price": typed.number("price") if "price" in given else pa.nulls(rows, pa.float64()),
            "currency": pa.repeat(pa.scalar(self._settings.currency, pa.string()), rows),
            "price_derived": pa.repeat(False, rows),
            "attributes": _attribute_texts(words, rows),
            "image": typed.text("image") if "image" in given else nothing,
            "language": typed.text("language") if "language" in given else self._languages(title),
            "availability": self._availability(typed, given, rows),
            "updated_at": typed.time("updated_at")
            if "updated_at" in given
            else pa.nulls(rows, pa.timestamp("us", tz="UTC")),
        }
        columns["text"] = self._texts({**columns, **_ends(path, rows)}, words, rows)
        shown = {"category": levels.get("category.0", nothing), "attributes": columns["attributes"]}
        made = {**self._fields, **dict(zip(levels, self._levels, strict=True))}
        made |= dict(zip(attributes, self._attributes.values(), strict=True))
        faults = (*unreadable_parts(made, raw), *typed.faults)
        return Mapped(columns, {**shown, **given, **levels, **attributes}, faults, filled)

    def _spelled(self, column: pa.Array) -> pa.Array:
        return self._abbreviations.spell_column(without_controls(column))

    def _worded(self, column: pa.Array) -> pa.Array:
        return self._in_sentence_case(self._spelled(column))

    def _in_sentence_case(self, column: pa.Array) -> pa.Array:
        if not self._items.sentence_case:
            return column
        coded = column.dictionary_encode()
        written = pa.array([in_sentence_case(text) for text in coded.dictionary.to_pylist()], pa.string())
        return written.take(coded.indices)

    def _titles(
        self, typed: TypedColumns, raw: Columns, path: Sequence[pa.Array], brand: pa.Array, rows: int
    ) -> tuple[pa.Array, np.ndarray]:
        """Returns titles; where the template's first field is empty, the deepest category (else the brand) stands in.

        A package size alone is no name for a product, and a product without any words cannot be found.
        """
        expression = self._fields["title"]
        stand_in = pc.coalesce(*reversed(path), brand)
        if isinstance(expression, TemplateExpression):
            template = expression.template
            parts = {name: self._spelled(to_texts(raw[name]).values) for name in template.fields}
            head = template.fields[0]
            empty = ~np.asarray(parts[head].is_valid())
            parts[head] = pc.coalesce(parts[head], stand_in)
            title = template.render_columns(parts, rows)
            title = pc.if_else(pa.array(empty & ~np.asarray(stand_in.is_valid())), None, title)
            title = self._in_sentence_case(title)
        else:
            title = self._worded(typed.text("title"))
            empty = ~np.asarray(title.is_valid())
            title = pc.coalesce(title, stand_in)
        return title, empty & np.asarray(title.is_valid())

    def _languages(self, title: pa.Array) -> pa.Array:
        others = [language for language in self._settings.languages if language != "zh"]
        return pc.if_else(
            pc.match_substring_regex(title, _HAN), "zh", others[0] if others else self._settings.languages[0]
        )

    def _availability(self, typed: TypedColumns, given: Mapping[str, pa.Array], rows: int) -> pa.Array:
        if "availability" not in given:
            return pa.repeat(pa.scalar("in_stock"), rows)
        coded = pc.utf8_lower(typed.text("availability")).dictionary_encode()
        words = pa.array([availability_of(word) for word in coded.dictionary.to_pylist()], pa.string())
        return words.take(coded.indices).fill_null("in_stock")

    def _texts(self, columns: Mapping[str, pa.Array], words: Mapping[str, pa.Array], rows: int) -> pa.Array:
        texts = {**words, **{name: columns[name] for name in TEXT_FIELDS if name in columns}}
        labelled = [pc.binary_join_element_wise(f"{name}: ", words[name], "") for name in sorted(words)]
        texts["attributes"] = _joined(labelled, rows, ATTRIBUTE_SEPARATOR)
        return self._text.render_columns(texts, rows).fill_null("")


def _require_text_fields(template: Template, attributes: Sequence[str]) -> None:
    known = [*TEXT_FIELDS, *attributes]
    for name in template.fields:
        if name not in known:
            raise ConfigError(
                f"{{{name}}} is no field of an item", where="items.text", hint=f"known: {', '.join(known)}"
            )


def _ends(path: Sequence[pa.Array], rows: int) -> dict[str, pa.Array]:
    """Returns the last level that each row's category has, and the one above it."""
    leaf = parent = pa.nulls(rows, pa.string())
    for level in path:
        parent = pc.if_else(level.is_valid(), leaf, parent)
        leaf = pc.coalesce(level, leaf)
    return {"leaf": leaf, "parent": parent}


def _joined(parts: Sequence[pa.Array], rows: int, separator: str = CATEGORY_SEPARATOR) -> pa.Array:
    """Returns the parts joined without the empty ones; null where all are. Arrow's own skipping loses such rows."""
    whole = pa.nulls(rows, pa.string())
    for part in parts:
        whole = pc.coalesce(pc.binary_join_element_wise(whole, part, separator), whole, part)
    return whole


def _attribute_texts(words: Mapping[str, pa.Array], rows: int) -> pa.Array:
    if not words:
        return pa.repeat(pa.scalar("{}"), rows)
    names = sorted(words)
    values = zip(*(words[name].to_pylist() for name in names), strict=True)
    texts: list[Any] = [
        orjson.dumps({name: word for name, word in zip(names, row, strict=True) if word is not None}).decode()
        for row in values
    ]
    return pa.array(texts, pa.string())
