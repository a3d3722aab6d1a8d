"""Counting and logging: a leaf that anyone may call. Query text and identities never reach a log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

logger = logging.getLogger("tradewind")


class Progress(Protocol):
    """What long work reports to: a bar in a terminal, nothing in a test."""

    def start(self, label: str, total: int | None) -> None:
        """Begins a piece of work of `total` units; None when the number is unknown."""

    def advance(self, units: int = 1) -> None:
        """Says that `units` more are done."""

    def note(self, text: str) -> None:
        """Says one line that stays on the screen."""


class SilentProgress:
    """A Progress that shows nothing."""

    def start(self, label: str, total: int | None) -> None: ...

    def advance(self, units: int = 1) -> None: ...

    def note(self, text: str) -> None: ...


@dataclass(slots=True)
class Stopwatch:
    """Times the stages of one request, in milliseconds and in the order they ran."""

    stages: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.stages.append((name, (time.perf_counter() - started) * 1000.0))
