"""What a text is to be written about: an item and a language, and its facts as a model reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from tradewind.data.records import Item

Language = Literal["en", "zh"]

_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_NUMBER: Final = re.compile(r"\d+")
_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {"title": "Product", "brand": "Brand", "category": "Category", "text": "Description"},
    "zh": {"title": "商品", "brand": "品牌", "category": "类目", "text": "描述"},
}
_ATTRIBUTES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": {"colour": "Colour", "color": "Colour", "size": "Size", "material": "Material", "flavour": "Flavour"},
    "zh": {"colour": "颜色", "color": "颜色", "size": "规格", "material": "材质", "flavour": "口味"},
}


@dataclass(frozen=True, slots=True)
class Brief:
    """One text to write."""

    item: Item
    language: Language


class Generator(Protocol):
    """Writes product text. What it writes is a draft: nothing of it is shown before it was checked and approved."""

    @property
    def name(self) -> str:
        """What a draft says of who wrote it."""

    def write(self, briefs: list[Brief]) -> list[str]:
        """Returns one text per brief, in their order, "" where nothing came. Raises ModelError when it cannot write."""


def prompt(brief: Brief) -> str:
    """Returns the facts of the item in the brief's language, a line each, ending where the description begins."""
    words = _WORDS[brief.language]
    lines = [f"{words['title']}: {in_language(brief.item.title, brief.language)}"]
    if brief.item.brand:
        lines.append(f"{words['brand']}: {in_language(brief.item.brand, brief.language)}")
    if brief.item.category:
        lines.append(f"{words['category']}: {in_language(brief.item.category[-1], brief.language)}")
    for name, value in brief.item.attributes.items():
        lines.append(f"{attribute_name(name, brief.language)}: {in_language(value, brief.language)}")
    return "\n".join([*lines, f"{words['text']}:"])


def attribute_name(name: str, language: Language) -> str:
    """Returns what an attribute is called in `language`, its own name where that is not known."""
    return _ATTRIBUTES[language].get(name.lower(), name)


def in_language(text: str, language: Language) -> str:
    """Returns the part in `language` of a text in both ("高硼硅玻璃茶壶 600毫升 Glass teapot 600 ml").

    The Chinese part comes first and ends with its last word that holds a Chinese character, or with numbers that follow
    it and did not stand in it before. A text that is in one language only comes back as it is.
    """
    words = text.split()
    last = max((place for place, word in enumerate(words) if _HAN.search(word)), default=-1)
    if last < 0:
        return " ".join(words)
    seen = set(_NUMBER.findall(" ".join(words[: last + 1])))
    while last + 1 < len(words) and words[last + 1][0].isdigit() and not seen & set(_NUMBER.findall(words[last + 1])):
        last += 1
    parts = words[: last + 1], words[last + 1 :]
    chosen = parts[0] if language == "zh" or not parts[1] else parts[1]
    return " ".join(chosen)
