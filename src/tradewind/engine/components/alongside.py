"""Two branches at once, the second of which may be left behind when time runs out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tradewind.engine.pipeline import Pipeline
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State
from tradewind.telemetry import logger


@dataclass(frozen=True, slots=True)
class Alongside:
    """Runs `main` here and `aside` in the pool, and joins their lists.

    A request with less time than `floor_ms` never starts `aside`: that depends on the request alone, so such an answer
    is as repeatable as a complete one. With more time, `aside` is left behind at the deadline, or when it fails, and
    the answer is `cut_short`. Each way `degraded` names it.
    """

    main: Pipeline[SearchRequest]
    aside: Pipeline[SearchRequest]
    floor_ms: int
    name: str = "retrieve"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        if state.request.deadline_ms < self.floor_ms:
            return self._without(self.main(state), cut_short=False)
        pool = state.context.pool
        if pool is None:
            done = self.main(state)
            return self._join(done, lambda: self.aside(state)) if done.context.deadline.left() else self._without(done)
        pending = pool.submit(self.aside, state)
        joined = self._join(self.main(state), lambda: pending.result(timeout=state.context.deadline.left()))
        pending.cancel()
        return joined

    def _join(self, state: State[SearchRequest], wait: Callable[[], State[SearchRequest]]) -> State[SearchRequest]:
        """Returns `state` with what `wait` returns of the other branch, or without it when that is late or fails."""
        try:
            other = wait()
        except TimeoutError:
            return self._without(state)
        except Exception as error:
            logger.error("%s failed with %s and was left out of an answer", self.aside.name, type(error).__name__)
            return self._without(state)
        return replace(
            state,
            vector=other.vector,
            lists={**state.lists, **other.lists},
            evidence={**state.evidence, **other.evidence},
        )

    def _without(self, state: State[SearchRequest], cut_short: bool = True) -> State[SearchRequest]:
        return replace(state, degraded=(*state.degraded, self.aside.name), cut_short=cut_short or state.cut_short)
