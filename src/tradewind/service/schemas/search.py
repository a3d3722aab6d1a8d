"""Search and completion: requests."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tradewind.engine.requests import SearchRequest
from tradewind.service.schemas.filters import FilterBody, FilterParameters
from tradewind.service.schemas.words import FieldName, Query, Wire

Sort = Literal["relevance", "price_asc", "price_desc", "popularity", "newest"]


class SearchBody(FilterBody):
    """A search. Without a query it browses what the filters leave."""

    query: Query = ""
    facets: Annotated[list[FieldName], Field(default_factory=list, max_length=20)]
    sort: Sort = "relevance"

    def request(self, deadline_ms: int) -> SearchRequest:
        """Returns the search for an anonymous visitor."""
        return SearchRequest(
            query=self.query,
            k=self.k,
            offset=self.offset,
            filters=self.conditions(),
            facets=tuple(self.facets),
            sort=self.sort,
            explain=self.explain,
            deadline_ms=deadline_ms,
        )


class SearchParameters(FilterParameters):
    """A search written in an address."""

    q: Query = ""
    facets: Annotated[str, Field(max_length=2_100, description="Field names, separated by commas.")] = ""
    sort: Sort = "relevance"

    def body(self) -> SearchBody:
        """Returns the same search as a body. Raises ValidationError when the filters cannot be used."""
        return SearchBody(
            query=self.q,
            k=self.k,
            offset=self.offset,
            filters=self.terms(),
            price_min=self.price_min,
            price_max=self.price_max,
            in_stock=self.in_stock,
            facets=[name.strip() for name in self.facets.split(",") if name.strip()],
            sort=self.sort,
            explain=self.explain,
        )


class SuggestParameters(Wire):
    """The beginning of a query."""

    q: Annotated[Query, Field(description="What has been typed so far.")]
    k: Annotated[int, Field(ge=1, le=20)] = 8
