from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from tradewind.engine.cache import BoundedCache
from tradewind.engine.components.alongside import Alongside
from tradewind.engine.deadline import Deadline
from tradewind.engine.parts import Parts, Serving
from tradewind.engine.pipeline import Pipeline
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import Context, State
from tradewind.index.hits import Hits

FOUND = Hits.of([1, 2], [2.0, 1.0])


@dataclass(frozen=True)
class Step:
    """Adds a list of its own name after doing something."""

    name: str
    first: Callable[[], None] = lambda: None

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        self.first()
        return state.with_list(self.name, FOUND)


@pytest.fixture(params=["pool", "alone"])
def pool(request: pytest.FixtureRequest) -> Iterator[Executor | None]:
    if request.param == "alone":
        yield None
        return
    with ThreadPoolExecutor(1) as made:
        yield made


def start(parts: Parts, pool: Executor | None, deadline_ms: int = 1_000) -> State[SearchRequest]:
    serving = Serving(parts, parts.catalogue.view(None))  # type: ignore[arg-type]
    context = Context(serving, Deadline.after(deadline_ms), pool, BoundedCache(0))
    return State(SearchRequest("cat", deadline_ms=deadline_ms), context)


def alongside(first: Callable[[], None] = lambda: None) -> Alongside:
    return Alongside(Pipeline("main", (Step("words"),)), Pipeline("aside", (Step("meaning", first),)), floor_ms=20)


def test_both_branches_lists_are_joined(parts: Parts, pool: Executor | None) -> None:
    state = alongside()(start(parts, pool))
    assert set(state.lists) == {"words", "meaning"} and state.degraded == () and not state.cut_short
    assert {name for name, _ in state.context.watch.stages} == {"words", "meaning"}


def test_below_the_floor_the_other_branch_never_starts_and_the_answer_can_be_repeated(
    parts: Parts, pool: Executor | None
) -> None:
    started: list[bool] = []
    state = alongside(lambda: started.append(True))(start(parts, pool, deadline_ms=19))
    assert (set(state.lists), state.degraded, state.cut_short, started) == ({"words"}, ("aside",), False, [])


def test_a_branch_that_fails_is_left_out_and_named(parts: Parts, pool: Executor | None) -> None:
    def fail() -> None:
        raise ValueError("broken")

    state = alongside(fail)(start(parts, pool))
    assert (set(state.lists), state.degraded, state.cut_short) == ({"words"}, ("aside",), True)


def test_a_late_branch_is_left_behind_at_the_deadline(parts: Parts) -> None:
    with ThreadPoolExecutor(1) as pool:
        began = time.perf_counter()
        state = alongside(lambda: time.sleep(0.3))(start(parts, pool, deadline_ms=40))
        assert time.perf_counter() - began < 0.25
    assert (set(state.lists), state.degraded, state.cut_short) == ({"words"}, ("aside",), True)


def test_work_that_waits_behind_the_deadline_is_never_begun(parts: Parts) -> None:
    begun: list[bool] = []
    with ThreadPoolExecutor(1) as pool:
        pool.submit(time.sleep, 0.2)
        alongside(lambda: begun.append(True))(start(parts, pool, deadline_ms=40))
    assert begun == []


def test_time_that_is_up_already_leaves_the_other_branch_out_without_a_pool(parts: Parts) -> None:
    state = start(parts, None)
    late = replace(state, context=replace(state.context, deadline=Deadline.after(0)))
    assert alongside()(late).degraded == ("aside",)
