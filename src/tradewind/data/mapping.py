"""The text that an encoder reads for an item: one definition, offline and online."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from tradewind.data.records import CATEGORY_SEPARATOR, Item
from tradewind.data.templates import Template

TEXT_FIELDS: Final = ("title", "category", "leaf", "parent", "brand", "attributes", "language", "id")
"""The fields of an item that a text may be made of, besides its attributes by their names; `leaf` and `parent` are the
last level of the category path and the one above it."""
ATTRIBUTE_SEPARATOR: Final = "; "


def item_text(item: Item, template: str) -> str:
    """Returns the text that an encoder reads for an item, offline and online alike.

    `template` is over the record's own fields, TEXT_FIELDS, and any attribute by its name. Raises ConfigError for a
    template without a field.
    """
    return text_template(template).render({**item.attributes, **_own_texts(item)})


def _own_texts(item: Item) -> dict[str, str | None]:
    return {
        "title": item.title,
        "category": CATEGORY_SEPARATOR.join(item.category),
        "leaf": item.category[-1] if item.category else None,
        "parent": item.category[-2] if len(item.category) > 1 else None,
        "brand": item.brand,
        "attributes": ATTRIBUTE_SEPARATOR.join(f"{name}: {value}" for name, value in sorted(item.attributes.items())),
        "language": item.language,
        "id": item.id,
    }


@lru_cache(maxsize=64)
def text_template(text: str) -> Template:
    """Returns the template, parsed once. Raises ConfigError for one without a field."""
    return Template(text)
