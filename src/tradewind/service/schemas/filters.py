"""What results must have, in the two forms a request may say it: JSON, and repeated `filter=field:value`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from tradewind.index.filters import Filters
from tradewind.service.schemas.words import DEEPEST, MOST_TERMS, FieldName, Offset, PageSize, Price, Term, Text, Wire

Terms = Annotated[list[Term], Field(min_length=1, max_length=MOST_TERMS)]


class Page(Wire):
    """One page of results."""

    k: PageSize = 10
    offset: Offset = 0

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.offset + self.k > DEEPEST:
            raise ValueError(f"offset + k reaches {DEEPEST} at most; narrow the results with filters")
        return self


class PriceRange(Wire):
    """Bounds that both forms share."""

    price_min: Price | None = None
    price_max: Price | None = None
    in_stock: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("price_min is above price_max")
        return self


class FilterBody(Page, PriceRange):
    """Filters as JSON: `{"filters": {"brand": ["A", "B"]}}`, any of a field's values, all of the fields."""

    filters: Annotated[dict[FieldName, Terms], Field(default_factory=dict, max_length=20)]
    explain: bool = False

    def conditions(self) -> Filters:
        """Returns the filters as the index takes them."""
        terms = {name: tuple(values) for name, values in self.filters.items()}
        return Filters(terms=terms, price_min=self.price_min, price_max=self.price_max, in_stock=self.in_stock)


class FilterParameters(Page, PriceRange):
    """Filters in an address: `filter=brand:A&filter=brand:B`."""

    filter: Annotated[
        list[Text], Field(default_factory=list, max_length=MOST_TERMS, description="`field:value`; may be repeated.")
    ]
    explain: bool = False

    def terms(self) -> dict[str, list[str]]:
        """Returns the values by field."""
        found: dict[str, list[str]] = {}
        for written in self.filter:
            name, _, value = written.partition(":")
            found.setdefault(name, []).append(value)
        return found

    @model_validator(mode="after")
    def _written_right(self) -> Self:
        wrong = [written for written in self.filter if not all(part.strip() for part in written.partition(":"))]
        if wrong:
            raise ValueError("a filter is written field:value")
        return self
