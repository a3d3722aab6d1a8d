"""Texts that a till wrote in capitals, written as sentences."""

from __future__ import annotations


def in_sentence_case(text: str) -> str:
    """Returns `text` in small letters behind its first one when all its letters are capitals, else as it is.

    >>> in_sentence_case("FROZEN PIZZA, 12 OZ"), in_sentence_case("iPhone 17"), in_sentence_case("T")
    ('Frozen pizza, 12 oz', 'iPhone 17', 'T')
    """
    if len(text) < 2 or not text.isupper():
        return text
    return text[0] + text[1:].lower()
