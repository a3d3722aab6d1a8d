"""Pseudonyms: random names for people, so that nothing about a person can be computed from them."""

from __future__ import annotations

import re
import secrets
from typing import Final

PSEUDONYM_BITS: Final = 128
_FORM: Final = re.compile(r"[0-9a-f]{32}")


def new_pseudonym() -> str:
    """Returns 128 random bits as 32 lower-case hexadecimal digits.

    Random, not a hash: the space of phone numbers or customer numbers is small enough to try them all,
    so a hash of one is the number itself. The only link is a row in the store's mapping table.
    """
    return secrets.token_hex(PSEUDONYM_BITS // 8)


def is_pseudonym(text: str) -> bool:
    """Returns whether `text` has the form of a pseudonym."""
    return _FORM.fullmatch(text) is not None
