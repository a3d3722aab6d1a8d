"""What travels through a pipeline: one immutable value, from the request to the page."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from tradewind.data.features.profile import Profile
from tradewind.data.records import Item
from tradewind.engine.cache import BoundedCache
from tradewind.engine.deadline import Deadline
from tradewind.engine.parts import Serving, Vector, View
from tradewind.engine.requests import RecommendRequest, SearchRequest
from tradewind.index.hits import Hits
from tradewind.index.understanding import Understanding
from tradewind.telemetry import Stopwatch

R = TypeVar("R", SearchRequest, RecommendRequest)

NOTHING = Hits.none()

Evidence = Mapping[int, Mapping[str, Any]]
"""Row to what a list knows about why it holds the row."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a request may use while it is answered."""

    serving: Serving
    deadline: Deadline
    pool: Executor | None
    """Where a branch may run beside another; None runs them one after the other."""
    vectors: BoundedCache[Vector]
    """Vectors of texts already encoded."""
    profile: Profile | None = None
    """What the user's events say; None for an anonymous answer."""
    watch: Stopwatch = field(default_factory=Stopwatch)
    """What each component cost. Nothing in an answer's body may depend on it."""

    @property
    def view(self) -> View:
        return self.serving.view


@dataclass(frozen=True, slots=True)
class State(Generic[R]):
    """The request, what it stands on, and what the components have found so far."""

    request: R
    context: Context
    anchor: int | None = None
    """The row of the item a recommendation starts from."""
    understanding: Understanding = field(default_factory=Understanding)
    """What the query's words are read as."""
    vector: Vector | None = None
    lists: Mapping[str, Hits] = field(default_factory=dict)
    """Candidates by the name of the list, each best first."""
    shares: Mapping[str, float] = field(default_factory=dict)
    """By the name of the list: how much of the query it speaks for, 0..1; 1 for a list that is not here."""
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """By the name of the list: what it knows about its rows."""
    ranked: Hits = NOTHING
    """All candidates, in the order of the answer."""
    page: Hits = NOTHING
    """The part of `ranked` that was asked for."""
    items: tuple[Item, ...] = ()
    """The items of the page, in its order."""
    total: int = 0
    facets: Mapping[str, Any] = field(default_factory=dict)
    why: Mapping[int, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    """Names of the parts that did not answer."""
    cut_short: bool = False
    """Whether the clock, or a part that failed, and not the request alone, decided what is degraded."""

    @property
    def view(self) -> View:
        return self.context.view

    def with_list(self, name: str, hits: Hits, evidence: Evidence | None = None) -> State[R]:
        """Returns this state with one more list of candidates."""
        known = {**self.evidence, name: evidence} if evidence else self.evidence
        return replace(self, lists={**self.lists, name: hits}, evidence=known)
