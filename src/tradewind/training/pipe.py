"""The line between a worker and the process that started it: progress, and the error that ended it, as JSON lines."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from tradewind import errors
from tradewind.errors import TradewindError
from tradewind.telemetry import Progress
from tradewind.training.watching import Start, watchers

if TYPE_CHECKING:
    from tradewind.training.trainer import Curves


class Line:
    """The worker's end: a Progress and a Watcher whose words appear at the other end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def start(self, label: str, total: int | None) -> None:
        """Begins a piece of work."""
        self._say("start", [label, total])

    def advance(self, units: int = 1) -> None:
        """Says that `units` more are done."""
        self._say("advance", [units])

    def note(self, text: str) -> None:
        """Says one line."""
        self._say("note", [text])

    def learned(self, step: int, loss: float, rate: float) -> None:
        """Tells of a step."""
        self._say("learned", [step, loss, rate])

    def validated(self, step: int, value: float) -> None:
        """Tells of a validation."""
        self._say("validated", [step, value])

    def started(self, run: Start) -> None:
        """The other end knows: it asked for the run."""

    def ended(self, curves: Curves) -> None:
        """The other end sees the outcome."""

    def failed(self, error: BaseException) -> None:
        """Says what ended the worker."""
        self._say("failed", described(error))

    def _say(self, kind: str, words: Any) -> None:
        try:
            os.write(self._descriptor, (json.dumps([kind, words]) + "\n").encode())
        except OSError:
            return  # nobody listens any more: the one who started us is gone, and so shall we be


def passed_on(kind: str, words: Any, progress: Progress) -> None:
    """Repeats what a worker said: to `progress`, and to who watches the run; a watcher that has enough raises."""
    if kind in ("learned", "validated"):
        for watcher in watchers():
            getattr(watcher, kind)(*words)
    elif kind in ("start", "advance", "note"):
        getattr(progress, kind)(*words)


def described(error: BaseException) -> dict[str, Any]:
    """Returns an error as plain words, to be raised again elsewhere."""
    if isinstance(error, TradewindError):
        return {"kind": type(error).__name__, "what": error.what, "where": error.where, "hint": error.hint}
    return {"kind": "", "what": f"{type(error).__name__}: {error}".splitlines()[0], "where": None, "hint": None}


def is_ours(words: dict[str, Any]) -> bool:
    """Returns whether the error was raised on purpose: then its words are for people."""
    return bool(words["kind"])


def as_error(words: dict[str, Any]) -> TradewindError:
    """Returns the error that `described` put into words."""
    kind = getattr(errors, words["kind"], TradewindError)
    made: TradewindError = kind.__new__(kind)
    TradewindError.__init__(made, words["what"], where=words["where"], hint=words["hint"])
    return made
