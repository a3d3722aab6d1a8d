"""Filters as words on the command line: `brand:Acme`, `price:10..20`."""

from __future__ import annotations

from collections.abc import Sequence

from tradewind.errors import RequestError
from tradewind.index.filters import Filters


def parse_filters(words: Sequence[str]) -> Filters:
    """Returns the filters that `words` (field:value, price:LOW..HIGH) ask for. Raises RequestError."""
    terms: dict[str, tuple[str, ...]] = {}
    low = high = None
    for word in words:
        field, colon, value = word.partition(":")
        if not colon or not field or not value:
            raise RequestError(f"{word!r} is not field:value", where="--filter", hint="for example brand:Acme")
        if field == "price":
            low, high = _range(value)
        else:
            terms[field] = (*terms.get(field, ()), value)
    return Filters(terms=terms, price_min=low, price_max=high)


def _range(value: str) -> tuple[float | None, float | None]:
    low, dots, high = value.partition("..")
    try:
        return (float(low) if low else None), (float(high) if high else None if dots else float(low))
    except ValueError:
        raise RequestError(
            f"{value!r} is not a price range", where="--filter", hint="for example price:2..10"
        ) from None
