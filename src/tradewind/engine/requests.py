"""What may be asked of the engine, checked at the door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from tradewind.errors import NotFoundError, RequestError
from tradewind.index.filters import NO_FILTERS, Filters

Sort = Literal["relevance", "price_asc", "price_desc", "popularity", "newest"]
Surface = Literal["similar", "bought-together", "for-you", "next-basket", "trending", "recent"]

SURFACES: Final[tuple[str, ...]] = get_args(Surface)
ANCHORED: Final = frozenset({"similar", "bought-together"})
"""Surfaces that start from an item."""

MAX_K: Final = 100
"""Results on one page."""
MAX_DEPTH: Final = 1_000
"""Results that can be reached by paging."""
MAX_QUERY: Final = 1_000
"""Characters of a query or of a prefix."""
MAX_FACETS: Final = 20


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search. `user` is a pseudonym, or None for an anonymous answer; `deadline_ms` counts from the call.

    An empty query (or one without a letter or a digit in any script) browses: every item that passes the filters, the
    most popular first. Raises RequestError when a field cannot be served.
    """

    query: str
    k: int = 10
    offset: int = 0
    filters: Filters = NO_FILTERS
    facets: tuple[str, ...] = ()
    sort: Sort = "relevance"
    user: str | None = None
    explain: bool = False
    deadline_ms: int = 500

    def __post_init__(self) -> None:
        check_text("query", self.query)
        check_page(self.k, self.offset, self.deadline_ms)
        if self.sort not in get_args(Sort):
            raise RequestError(
                f"there is no order {self.sort!r}", where="sort", hint=f"known: {', '.join(get_args(Sort))}"
            )
        if len(self.facets) > MAX_FACETS:
            raise RequestError(f"{len(self.facets)} facets are too many", where="facets", hint=f"at most {MAX_FACETS}")


@dataclass(frozen=True, slots=True)
class RecommendRequest:
    """A recommendation. `item` is needed by similar and bought-together; `user` is a pseudonym, or None.

    Raises NotFoundError for a surface that does not exist, RequestError when a field cannot be served.
    """

    surface: Surface
    k: int = 10
    item: str | None = None
    user: str | None = None
    filters: Filters = NO_FILTERS
    explain: bool = False
    deadline_ms: int = 500
    offset: int = 0

    def __post_init__(self) -> None:
        if self.surface not in SURFACES:
            raise NotFoundError(f"there is no surface {self.surface!r}", hint=f"known: {', '.join(SURFACES)}")
        if self.surface in ANCHORED and not self.item:
            raise RequestError(f"{self.surface} starts from an item, and none is named", where="item")
        check_page(self.k, self.offset, self.deadline_ms)


def check_page(k: int, offset: int, deadline_ms: int) -> None:
    """Raises RequestError unless the page lies within what can be paged to and there is time to answer at all."""
    if not 1 <= k <= MAX_K:
        raise RequestError(f"k is {k}", where="k", hint=f"from 1 to {MAX_K}")
    if not 0 <= offset <= MAX_DEPTH - k:
        raise RequestError(
            f"offset is {offset}", where="offset", hint=f"offset + k reaches {MAX_DEPTH} at most; narrow with filters"
        )
    if deadline_ms < 1:
        raise RequestError(f"the deadline is {deadline_ms} ms", where="deadline_ms", hint="at least 1")


def check_text(name: str, text: str) -> None:
    """Raises RequestError when a query or a prefix is longer than anybody types."""
    if len(text) > MAX_QUERY:
        raise RequestError(f"{len(text):,} characters are too long", where=name, hint=f"at most {MAX_QUERY:,}")
