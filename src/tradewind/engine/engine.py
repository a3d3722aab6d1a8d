"""Answers requests from one generation and one moment of the catalogue at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Final

from tradewind.engine.bodies import item_reply, recommend_reply, search_reply, suggest_reply
from tradewind.engine.cache import BoundedCache
from tradewind.engine.deadline import Deadline
from tradewind.engine.following import Following
from tradewind.engine.parts import Parts, Serving, Store, Vector
from tradewind.engine.pipelines import DEFAULTS, RecipeSettings, browse_pipeline, search_pipeline, surface_pipelines
from tradewind.engine.profiles import Personal, ProfileReader
from tradewind.engine.query import normalise
from tradewind.engine.reply import Reply
from tradewind.engine.requests import RecommendRequest, SearchRequest, check_page, check_text
from tradewind.engine.state import Context, State
from tradewind.engine.watching import Watcher
from tradewind.errors import NotFoundError, StoreError
from tradewind.telemetry import logger

PERSONAL: Final = frozenset({"for-you", "next-basket", "recent"})
"""Surfaces whose answer depends on who asks."""
WITHOUT_PROFILE: Final = {"for-you": "trending", "next-basket": "trending"}
"""The recipe that answers for somebody nothing is known of, or who wants no personal answers."""
ANYBODY: Final = Personal(version="", profile=None)
UNREADABLE: Final = Personal(version="", profile=None, missing=True)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How much memory the caches may take, how many queries are encoded at once, and the recipes' numbers."""

    reply_cache_bytes: int = 64 << 20
    vector_cache_bytes: int = 16 << 20
    threads: int = 2
    """Threads of the pool in which queries are encoded; 0 encodes in the request's own thread."""
    recipes: RecipeSettings = DEFAULTS


STANDARD: Final = EngineSettings()


class Engine:
    """Search, completion and recommendation over one generation, which may be exchanged while requests run.

    Every request takes the generation and the catalogue's view once, when it arrives, and keeps both to its end. Safe
    under many threads.
    """

    def __init__(self, parts: Parts, store: Store, settings: EngineSettings = STANDARD) -> None:
        self._search, self._browse = search_pipeline(settings.recipes), browse_pipeline()
        self._surfaces = surface_pipelines(settings.recipes)
        self._floor_ms = settings.recipes.floor_ms
        self._replies: BoundedCache[Reply] = BoundedCache(settings.reply_cache_bytes)
        self._vectors: BoundedCache[Vector] = BoundedCache(settings.vector_cache_bytes)
        self._profiles = ProfileReader(store)
        self._following = Following(parts, store, self._vectors)
        self._pool = ThreadPoolExecutor(settings.threads, "tradewind-encode") if settings.threads else None
        self._endings: list[Callable[[], object]] = []
        self.store = store

    @property
    def serving(self) -> Serving:
        """Returns the generation and the view that a request arriving now is answered from."""
        return self._following.serving

    @property
    def generation(self) -> str:
        """Returns the name of the generation that is served."""
        return self.serving.parts.generation

    @property
    def delta(self) -> int:
        """Returns the number of the last change of items that is served."""
        return self.serving.view.delta

    def search(self, request: SearchRequest) -> Reply:
        """Returns the answer to a search; see `bodies.search_reply`.

        When the person's profile cannot be read, the answer is the one for everybody, and `degraded` names `profile`.
        """
        deadline, serving = Deadline.after(request.deadline_ms), self.serving
        cleaned = replace(request, query=normalise(request.query))
        personal = self._personal(serving, request.user) if cleaned.query else ANYBODY
        pipeline = self._search if cleaned.query else self._browse

        def make() -> Reply:
            context = self._context(serving, deadline, personal)
            state = pipeline(State(cleaned, context, degraded=_lost(personal), cut_short=personal.missing))
            return search_reply(state, _version(personal))

        lane = "whole" if request.deadline_ms >= self._floor_ms else "words"
        asked = replace(cleaned, user=None, deadline_ms=1)
        return self._answered(("search", asked, lane), serving, request.user, personal, make)

    def recommend(self, request: RecommendRequest) -> Reply:
        """Returns the answer of a surface; see `bodies.recommend_reply`.

        Raises NotFoundError for an anchor that is not in the catalogue. When the person's profile cannot be read, the
        answer is the one for everybody, and `degraded` names `profile`.
        """
        deadline, serving = Deadline.after(request.deadline_ms), self.serving
        anchor = _row(serving, request.item) if request.item is not None else None
        personal = self._personal(serving, request.user) if request.surface in PERSONAL else ANYBODY
        recipe = request.surface if personal.profile else WITHOUT_PROFILE.get(request.surface, request.surface)

        def make() -> Reply:
            context = self._context(serving, deadline, personal)
            start = State(request, context, anchor=anchor, degraded=_lost(personal), cut_short=personal.missing)
            state = self._surfaces[recipe](start)
            return recommend_reply(state, _version(personal))

        asked = replace(request, user=None, deadline_ms=1)
        return self._answered(("recommend", asked), serving, request.user, personal, make)

    def suggest(self, prefix: str, k: int = 8) -> Reply:
        """Returns up to `k` completions of what somebody is typing."""
        check_text("prefix", prefix)
        check_page(k, 0, deadline_ms=1)
        serving, cleaned = self.serving, normalise(prefix)
        return self._answered(
            ("suggest", cleaned, k), serving, None, ANYBODY, lambda: suggest_reply(serving, cleaned, k)
        )

    def item(self, item_id: str) -> Reply:
        """Returns one item as results show it. Raises NotFoundError for one that is not, or no longer, there."""
        serving = self.serving
        return item_reply(serving, _row(serving, item_id))

    def refresh(self) -> bool:
        """Takes in new changes of items from the store; see `Following.refresh`."""
        return self._following.refresh()

    def swap(self, parts: Parts) -> None:
        """Serves another generation from the next request on; see `Following.swap`."""
        self._following.swap(parts)
        self._replies.clear()

    def forget(self) -> None:
        """Forgets every kept reply, vector and profile, as an erasure asks for."""
        self._replies.clear()
        self._vectors.clear()
        self._profiles.forget()

    def watch(self, tasks: Mapping[str, Callable[[], object]], seconds: float) -> None:
        """Calls `refresh`, and then every one of `tasks`, each `seconds` in the background until closed."""
        watcher = Watcher({"the catalogue": self.refresh, **tasks}, seconds)
        self.at_close(watcher.close)
        watcher.start()

    def at_close(self, ending: Callable[[], object]) -> None:
        """Calls `ending` when the engine is closed; the last one given comes first."""
        self._endings.append(ending)

    def close(self) -> None:
        """Lets the threads end; requests that run are answered first."""
        if self._pool is not None:
            self._pool.shutdown(wait=True)
        while self._endings:
            self._endings.pop()()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answered(
        self, asked: Hashable, serving: Serving, user: str | None, personal: Personal, make: Callable[[], Reply]
    ) -> Reply:
        """Returns the kept reply to exactly this, or makes it and keeps it when it would come out the same again."""
        who = (user, personal.version) if personal.profile else None
        key = (asked, serving.parts.generation, serving.view.delta, who)
        kept = None if personal.missing else self._replies.get(key)
        if kept is not None:
            return replace(kept, cache="hit", stages=())
        reply = make()
        if reply.repeatable and (who is None or personal.version):
            self._replies.put(key, reply, len(reply.body))
        return reply

    def _personal(self, serving: Serving, user: str | None) -> Personal:
        """Returns what may be used of `user`: nothing when there is nobody, no consent, or nothing known."""
        if user is None:
            return ANYBODY
        try:
            personal = self._profiles.seen_in(serving, user)
        except StoreError as error:
            logger.error("a profile could not be read, the answer is nobody's: %s", type(error).__name__)
            return UNREADABLE
        return personal if personal.profile is not None and not personal.profile.empty else ANYBODY

    def _context(self, serving: Serving, deadline: Deadline, personal: Personal) -> Context:
        return Context(serving, deadline, self._pool, self._vectors, personal.profile)


def _version(personal: Personal) -> str | None:
    return personal.version if personal.profile is not None else None


def _lost(personal: Personal) -> tuple[str, ...]:
    return ("profile",) if personal.missing else ()


def _row(serving: Serving, item_id: str) -> int:
    row = serving.view.row_of(item_id)
    if row is None:
        raise NotFoundError("there is no such item", where=item_id)
    return row
