"""Masking of phone, bank card, e-mail and Chinese identity numbers in free text, on the way in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tradewind.privacy import checksums

Kind = str

_WIDE: Final = str.maketrans("０１２３４５６７８９＠．－＋（）　", "0123456789@.-+() ")
"""Full-width forms read as ASCII, one character for one, so that places in the text stay the same."""

SUSPECT: Final = r"[@＠]|[0-9０-９](?:[-\s.()（）－．　]{0,3}[0-9０-９]){6}"
"""A pattern (also valid RE2) that every maskable text matches; what does not match needs no closer look."""

_SUSPECT_RE: Final = re.compile(SUSPECT)
_LABEL: Final = re.compile(
    r"(?:order|sku|ean|upc|gtin|isbn|barcode|tracking|waybill|invoice|ref|model|item|part|batch|lot"
    r"|订单|单号|运单|条码|条形码|货号|型号|编号|批号|流水|商品码|快递)"
    r"[a-z]{0,6}[\s:#：＃.号码是为-]{0,6}(?:no|number|nr|id)?[\s:#：＃.]{0,3}$",
    re.IGNORECASE,
)

_EMAIL: Final = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
)
_IDENTITY: Final = re.compile(r"(?<![A-Za-z0-9])[1-9]\d{5}[ -]?\d{8}[ -]?\d{3}[0-9Xx](?![A-Za-z0-9])")
_CARD: Final = re.compile(r"(?<![A-Za-z0-9])(?<!\d[-.])\d(?:[ -]?\d){13,18}(?![A-Za-z0-9])(?!-\d)")
_MOBILE: Final = re.compile(
    r"(?<![A-Za-z0-9+])(?<!\d[-.])(?:(?:\+|00)?86[ -]?)?1[3-9]\d(?:[ -]?\d{4}){2}(?![A-Za-z0-9])(?![-.]\d)"
    r"|\+86[ -]?1[3-9]\d(?:[ -]?\d{4}){2}(?![A-Za-z0-9])"
)
_INTERNATIONAL: Final = re.compile(
    r"(?<![A-Za-z0-9+])(?:\+|00)[1-9]\d{0,2}(?:[ .-]?\(?\d{1,5}\)?){2,6}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9+.-])(?:\+?1[ .-])?\(?[2-9]\d{2}\)?[ .-][2-9]\d{2}[.-]\d{4}(?![A-Za-z0-9-])"
    r"|(?<![A-Za-z0-9+.-])\(?0[1-9]\d{1,2}\)?[ -]\d{7,8}(?![A-Za-z0-9-])"
)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text without personal numbers, and how many of each kind were taken out."""

    text: str
    counts: Mapping[Kind, int] = field(default_factory=dict)


def mask(text: str) -> Masked:
    """Returns `text` with its phone, card, e-mail and identity numbers as `[phone]`, `[card]`, `[email]`, `[id]`.

    An identity number must have a real birth date and a right MOD 11-2 check character (GB 11643-1999), a card a
    known issuer range and a right Luhn digit (ISO/IEC 7812-1). A number that is named as an order, SKU, EAN or
    tracking number is left alone.
    """
    if not _SUSPECT_RE.search(text):
        return Masked(text)
    counts: dict[Kind, int] = {}
    for kind, pattern in _RULES:
        text = _replace(text, kind, pattern, counts)
    return Masked(text, counts)


def _replace(text: str, kind: Kind, pattern: re.Pattern[str], counts: dict[Kind, int]) -> str:
    plain = text.translate(_WIDE)
    kept: list[str] = []
    end = 0
    for match in pattern.finditer(plain):
        if not _is_real(kind, plain, match):
            continue
        kept += [text[end : match.start()], f"[{kind}]"]
        end = match.end()
        counts[kind] = counts.get(kind, 0) + 1
    return "".join([*kept, text[end:]])


def _is_real(kind: Kind, text: str, match: re.Match[str]) -> bool:
    digits = re.sub(r"[^0-9Xx+]", "", match.group())
    if kind == "email":
        return True
    if kind == "id":
        return checksums.is_identity_number(digits)
    if _LABEL.search(text[max(0, match.start() - 24) : match.start()]):
        return False
    if kind == "card":
        return checksums.is_card_number(digits)
    return 8 <= len(digits.lstrip("+")) <= 15


_RULES: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("email", _EMAIL),
    ("id", _IDENTITY),
    ("card", _CARD),
    ("phone", _MOBILE),
    ("phone", _INTERNATIONAL),
)
"""In this order: an identity number is taken out before its digits could be read as a card, a card before a phone."""
