"""The check digits that tell a personal number from a number that only looks like one."""

from __future__ import annotations

from datetime import date
from typing import Final

_IDENTITY_WEIGHTS: Final = tuple(pow(2, 17 - place, 11) for place in range(17))
_IDENTITY_CHECK: Final = "10X98765432"
_PROVINCES: Final = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)

_ISSUERS: Final = (
    ("62", range(16, 20)),
    ("81", range(16, 20)),
    ("4", (16, 19)),
    *((str(prefix), (16,)) for prefix in range(51, 56)),
    *((str(prefix), (16,)) for prefix in range(2221, 2721)),
    ("34", (15,)),
    ("37", (15,)),
    ("6011", (16, 19)),
    ("65", (16, 19)),
    *((str(prefix), (16, 19)) for prefix in range(3528, 3590)),
    ("36", (14,)),
    ("38", (14,)),
)
"""UnionPay, Visa, Mastercard, American Express, Discover, JCB and Diners: number prefix and lengths."""

_LENGTHS: Final = {prefix: frozenset(lengths) for prefix, lengths in _ISSUERS}


def is_identity_number(digits: str) -> bool:
    """Returns whether 18 characters are a Chinese resident identity number: province, birth date, MOD 11-2 check."""
    if len(digits) != 18 or not digits[:17].isdigit() or digits[:2] not in _PROVINCES:
        return False
    try:
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_IDENTITY_WEIGHTS, digits, strict=False))
    return born.year >= 1900 and _IDENTITY_CHECK[total % 11] == digits[17].upper()


def is_card_number(digits: str) -> bool:
    """Returns whether `digits` has an issuer's prefix and length and a right Luhn check digit."""
    known = any(len(digits) in _LENGTHS.get(digits[:size], ()) for size in (1, 2, 4))
    return known and len(set(digits)) > 1 and luhn_is_right(digits)


def luhn_is_right(digits: str) -> bool:
    """Returns whether the last digit is the Luhn check (ISO/IEC 7812-1, annex B) of those before it."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        digit = int(character) * (1 + place % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0
