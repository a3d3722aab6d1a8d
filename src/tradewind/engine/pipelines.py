"""The recipes: which components answer what, in which order, with which settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tradewind.engine.components.alongside import Alongside
from tradewind.engine.components.count_facets import CountFacets
from tradewind.engine.components.count_matching import CountMatching
from tradewind.engine.components.encode_query import EncodeQuery
from tradewind.engine.components.explain import Explain
from tradewind.engine.components.favour_own import FavourOwn
from tradewind.engine.components.fill import Fill
from tradewind.engine.components.find_terms import FindTerms
from tradewind.engine.components.fuse import Fuse
from tradewind.engine.components.leave_out import LeaveOut
from tradewind.engine.components.prefer import Prefer
from tradewind.engine.components.retrieve_bought_with import RetrieveBoughtWith
from tradewind.engine.components.retrieve_lexical import RetrieveLexical
from tradewind.engine.components.retrieve_neighbours import RetrieveNeighbours
from tradewind.engine.components.retrieve_own import RetrieveOwn
from tradewind.engine.components.retrieve_popular import RetrievePopular
from tradewind.engine.components.retrieve_recent import RetrieveRecent
from tradewind.engine.components.retrieve_sequence import RetrieveSequence
from tradewind.engine.components.retrieve_trending import RetrieveTrending
from tradewind.engine.components.retrieve_vector import RetrieveVector
from tradewind.engine.components.sort import Sort
from tradewind.engine.components.spread_twins import SpreadTwins
from tradewind.engine.components.start_from_item import StartFromItem
from tradewind.engine.components.start_from_profile import StartFromProfile
from tradewind.engine.components.take_page import TakePage
from tradewind.engine.components.understand import Understand
from tradewind.engine.pipeline import Pipeline
from tradewind.engine.requests import MAX_DEPTH, RecommendRequest, SearchRequest


@dataclass(frozen=True, slots=True)
class RecipeSettings:
    """The numbers of the recipes. Windows are counts of candidates; they never depend on the page asked for."""

    lexical_window: int = 500
    vector_window: int = 100
    lexical_weight: float = 2.0
    vector_weight: float = 1.0
    own_weight: float = 0.5
    """How much a person's own purchases count in their search."""
    floor_ms: int = 20
    """A search with less time than this answers from words alone."""
    surface_window: int = 200
    seeds: int = 20
    """A person's strongest interests that for-you starts from."""
    twins: int = 2
    """Recommended items of the same text that may stand in a row at no cost."""
    twin_cost: float = 0.25
    """What every further one costs, as a share of the span of scores."""


DEFAULTS: Final = RecipeSettings()


def search_pipeline(settings: RecipeSettings = DEFAULTS) -> Pipeline[SearchRequest]:
    """Returns the answer to a query: words and meaning at once, fused, sorted, counted, cut to the page, explained."""
    words: Pipeline[SearchRequest] = Pipeline("lexical", (RetrieveLexical(settings.lexical_window),))
    meaning: Pipeline[SearchRequest] = Pipeline("vector", (EncodeQuery(), RetrieveVector(settings.vector_window)))
    weights = (("lexical", settings.lexical_weight), ("vector", settings.vector_weight), ("own", settings.own_weight))
    return Pipeline(
        "search",
        (
            Understand(),
            Alongside(main=words, aside=meaning, floor_ms=settings.floor_ms),
            FavourOwn(depth=settings.vector_window),
            Fuse(weights),
            Sort(),
            CountFacets(),
            TakePage(),
            FindTerms(),
            Explain((("own", "bought_before"), ("lexical", "lexical_match"), ("vector", "meaning"))),
        ),
    )


def browse_pipeline() -> Pipeline[SearchRequest]:
    """Returns the answer to an empty query: what passes the filters, the most popular first."""
    return Pipeline(
        "browse",
        (
            RetrievePopular(MAX_DEPTH),
            Prefer(("popular",)),
            Sort(),
            CountMatching(),
            CountFacets(whole=True),
            TakePage(),
            Explain((("popular", "popular"),)),
        ),
    )


def surface_pipelines(settings: RecipeSettings = DEFAULTS) -> Mapping[str, Pipeline[RecommendRequest]]:
    """Returns the recipe of every surface, by its name."""
    recipes = (
        _similar(settings),
        _bought_together(settings),
        _for_you(settings),
        _next_basket(settings),
        _trending(),
        _recent(settings),
    )
    return {recipe.name: recipe for recipe in recipes}


def _similar(settings: RecipeSettings) -> Pipeline[RecommendRequest]:
    return Pipeline(
        "similar",
        (
            StartFromItem("passage"),
            RetrieveVector(settings.surface_window),
            Prefer(("vector",)),
            LeaveOut(),
            SpreadTwins(settings.twins, settings.surface_window, settings.twin_cost),
            TakePage(),
            Explain((("vector", "similar"),)),
        ),
    )


def _bought_together(settings: RecipeSettings) -> Pipeline[RecommendRequest]:
    """Counts say most where there are some; the vector answers for items without a history."""
    return Pipeline(
        "bought-together",
        (
            RetrieveBoughtWith(settings.surface_window),
            StartFromItem("together"),
            RetrieveVector(settings.surface_window),
            Fuse((("together", 2.0), ("vector", 1.0))),
            LeaveOut(),
            SpreadTwins(settings.twins, settings.surface_window, settings.twin_cost),
            TakePage(),
            Explain((("together", "bought_together"), ("vector", "goes_with"))),
        ),
    )


def _for_you(settings: RecipeSettings) -> Pipeline[RecommendRequest]:
    window = settings.surface_window
    return Pipeline(
        "for-you",
        (
            RetrieveSequence(window, depth=5 * window),
            RetrieveNeighbours(seeds=settings.seeds, each=50, window=window),
            StartFromProfile(settings.seeds),
            RetrieveVector(window),
            RetrieveOwn(window),
            Fuse((("sequence", 1.0), ("neighbours", 1.0), ("vector", 0.5), ("own", 0.5))),
            Fill(window),
            LeaveOut(),
            SpreadTwins(settings.twins, window, settings.twin_cost),
            TakePage(),
            Explain(
                (
                    ("own", "bought_before"),
                    ("sequence", "likely_next"),
                    ("neighbours", "bought_with_yours"),
                    ("vector", "like_yours"),
                    ("popular", "popular"),
                )
            ),
        ),
    )


def _next_basket(settings: RecipeSettings) -> Pipeline[RecommendRequest]:
    """The model blends in the person's own counts itself; they answer alone where there is no model."""
    window = settings.surface_window
    return Pipeline(
        "next-basket",
        (
            RetrieveSequence(window, depth=5 * window),
            RetrieveOwn(window),
            Prefer(("sequence", "own")),
            Fill(window),
            LeaveOut(),
            TakePage(),
            Explain((("own", "bought_before"), ("sequence", "likely_next"), ("popular", "popular"))),
        ),
    )


def _trending() -> Pipeline[RecommendRequest]:
    """What rises, and behind it what sells."""
    return Pipeline(
        "trending",
        (
            RetrieveTrending(MAX_DEPTH),
            Prefer(("trending",)),
            Fill(MAX_DEPTH),
            TakePage(),
            Explain((("trending", "trending"), ("popular", "popular"))),
        ),
    )


def _recent(settings: RecipeSettings) -> Pipeline[RecommendRequest]:
    return Pipeline(
        "recent",
        (
            RetrieveRecent(settings.surface_window),
            Prefer(("recent",)),
            LeaveOut(),
            TakePage(),
            Explain((("recent", "seen_before"),)),
        ),
    )
