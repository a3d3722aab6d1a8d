"""What a shopper narrows a result by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson


@dataclass(frozen=True, slots=True)
class Filters:
    """Values inside a field are alternatives, fields must all hold.

    A field is `category` (a path joined by CATEGORY_SEPARATOR; its whole subtree passes), `brand`, or an attribute's
    name. Prices are inclusive and in the shop's currency; an item without a price fails a price bound.
    """

    terms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    price_min: float | None = None
    price_max: float | None = None
    in_stock: bool = False

    def __bool__(self) -> bool:
        return bool(
            any(self.terms.values()) or self.price_min is not None or self.price_max is not None or self.in_stock
        )

    def __hash__(self) -> int:
        return hash(self.key())

    def key(self) -> str:
        """Returns one text per meaning: the order and repetition of fields and values do not matter."""
        terms = {name: sorted(set(values)) for name, values in self.terms.items() if values}
        bounds = [None if bound is None else float(bound) for bound in (self.price_min, self.price_max)]
        return orjson.dumps([terms, *bounds, self.in_stock], option=orjson.OPT_SORT_KEYS).decode()


NO_FILTERS = Filters()
