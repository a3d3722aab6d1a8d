"""Who looks on while a run learns: a tracker, a search that gives up on it, a test of its learning rate.

Whoever opens `watched_by` sees every `fit` inside it, however deep: the runs themselves know of none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from transformers import TrainerCallback

if TYPE_CHECKING:
    from tradewind.training.plan import Plan
    from tradewind.training.trainer import Batches, Curves, Objective


@dataclass(frozen=True, slots=True)
class Start:
    """A run that is about to learn: what is tuned, its batches and plan, and what the watched metric is called."""

    objective: Objective
    batches: Batches
    plan: Plan
    watched: str


class Watcher(Protocol):
    """Is told what a run does. It ends the run by raising; what it does not want to hear it leaves out."""

    def started(self, run: Start) -> None:
        """Hears of a run before its first step."""
        return

    def learned(self, step: int, loss: float, rate: float) -> None:
        """Hears the loss of a step, and the learning rate that it was taken with."""
        return

    def validated(self, step: int, value: float) -> None:
        """Hears the watched metric."""
        return

    def ended(self, curves: Curves) -> None:
        """Hears what a run came to that went to its end."""
        return


_WATCHERS: Final[ContextVar[tuple[Watcher, ...]]] = ContextVar("watchers", default=())


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Lets `watcher` see every run inside the block, beside those that see it already."""
    token = _WATCHERS.set((*_WATCHERS.get(), watcher))
    try:
        yield
    finally:
        _WATCHERS.reset(token)


def watchers() -> tuple[Watcher, ...]:
    """Returns who sees the runs of this place, the first to come first."""
    return _WATCHERS.get()


def announce(run: Start) -> None:
    """Tells the watchers that a run is about to learn; one that raises ends it."""
    for watcher in watchers():
        watcher.started(run)


def conclude(curves: Curves) -> Curves:
    """Tells the watchers what a run came to, and returns it."""
    for watcher in watchers():
        watcher.ended(curves)
    return curves


class Relay(TrainerCallback):
    """Tells the watchers what the trainer logs."""

    def __init__(self, watched: str) -> None:
        self._watched = watched

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **more: Any) -> None:
        found = logs or {}
        if "loss" in found:
            for watcher in watchers():
                watcher.learned(int(state.global_step), float(found["loss"]), float(found.get("learning_rate", 0.0)))

    def on_evaluate(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        for watcher in watchers():
            watcher.validated(int(state.global_step), float(more["metrics"][f"eval_{self._watched}"]))
