"""How the matching items divide by category, brand, price and attributes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class CountFacets:
    """Sets `facets` for the fields that the request names.

    They are counted on the matching set, the same that `total` counts and paging walks: for a query, the lexical
    matches inside the lexical window together with the nearest items inside the vector window, both after the filters;
    for browsing (`whole`), every item that passes the filters. A filter narrows its own field's counts too.
    The price has its lowest and highest instead of counts, and is left out when none of the items has a price.
    """

    whole: bool = False
    name: str = "facets"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        fields = state.request.facets
        if not fields:
            return state
        rows = state.view.select(state.request.filters) if self.whole else state.ranked.rows
        counted = state.view.facets(rows, [name for name in fields if name != "price"])
        prices = state.view.price_range(rows) if "price" in fields else None
        span = {"price": {"min": prices[0], "max": prices[1]}} if prices else {}
        return replace(state, facets={**counted, **span})
