"""Recommendation: requests."""

from __future__ import annotations

from typing import Literal

from tradewind.engine.requests import RecommendRequest
from tradewind.service.schemas.filters import FilterBody, FilterParameters
from tradewind.service.schemas.words import ItemId

Surface = Literal["similar", "bought-together", "for-you", "next-basket", "trending", "recent"]


class RecommendBody(FilterBody):
    """A recommendation; `similar` and `bought-together` start from an item."""

    item: ItemId | None = None

    def request(self, surface: Surface, deadline_ms: int) -> RecommendRequest:
        """Returns the recommendation for an anonymous visitor."""
        return RecommendRequest(
            surface=surface,
            k=self.k,
            offset=self.offset,
            item=self.item,
            filters=self.conditions(),
            explain=self.explain,
            deadline_ms=deadline_ms,
        )


class RecommendParameters(FilterParameters):
    """A recommendation written in an address."""

    item: ItemId | None = None

    def body(self) -> RecommendBody:
        """Returns the same recommendation as a body. Raises ValidationError when the filters cannot be used."""
        return RecommendBody(
            k=self.k,
            offset=self.offset,
            item=self.item,
            filters=self.terms(),
            price_min=self.price_min,
            price_max=self.price_max,
            in_stock=self.in_stock,
            explain=self.explain,
        )
