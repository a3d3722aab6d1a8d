"""A shop's own words for whether an item can be had."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "in_stock": "in_stock|in stock|instock|true|yes|y|available|有货|现货|是",
    "out_of_stock": "out_of_stock|out of stock|outofstock|false|no|n|unavailable|sold out|无货|缺货|售罄|否",
    "preorder": "preorder|pre-order|pre_order|预售|预订",
    "backorder": "backorder|back-order|back_order|补货中",
}
_KNOWN: Final = {word: kind for kind, words in _WORDS.items() for word in words.split("|")}


def availability_of(word: str | None) -> str | None:
    """Returns the record's word for a shop's own, in lower case; a number says how many are in stock.

    A word that is not known comes back as it is, for the check to find.
    """
    if word is None or word in _KNOWN:
        return None if word is None else _KNOWN[word]
    try:
        return "in_stock" if float(word) > 0 else "out_of_stock"
    except ValueError:
        return word
