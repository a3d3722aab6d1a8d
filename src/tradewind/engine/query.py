"""What a shopper typed, made fit to be matched."""

from __future__ import annotations

import unicodedata


def normalise(text: str) -> str:
    """Returns `text` in NFKC form, without control characters, lone surrogates and unassigned code points, and with
    single spaces; "" when it holds no letter and no digit of any script, for then there is nothing to match.

    >>> normalise("ＦＲＯＺＥＮ\\x00  pizza")
    'FROZEN pizza'
    >>> normalise("🍕🍕")
    ''
    """
    composed = unicodedata.normalize("NFKC", "".join(map(_printable, text)))
    cleaned = " ".join("".join(map(_printable, composed)).split())
    return cleaned if any(character.isalnum() for character in cleaned) else ""


def _printable(character: str) -> str:
    """Returns the character, a space for a control, nothing for what no text should hold."""
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    return "" if category in ("Cs", "Cn", "Co", "Cf") else character
