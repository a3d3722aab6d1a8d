"""Does a few small things again and again in the background, and survives their failures."""

from __future__ import annotations

import threading
from collections.abc import Callable

from tradewind.telemetry import logger


class Watcher:
    """Calls every task each `seconds`, in one daemon thread, until closed.

    A task that fails is logged by the kind of its error, once until it works again, and never stops the others.
    """

    def __init__(self, tasks: dict[str, Callable[[], object]], seconds: float) -> None:
        self._tasks = tasks
        self._seconds = seconds
        self._failing: set[str] = set()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tradewind-watcher", daemon=True)

    def start(self) -> None:
        """Starts watching."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and waits for the task that runs."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._seconds):
            for name, task in self._tasks.items():
                self._do(name, task)

    def _do(self, name: str, task: Callable[[], object]) -> None:
        try:
            task()
            self._failing.discard(name)
        except Exception as error:
            if name not in self._failing:
                logger.error("%s failed and will be tried again: %s: %s", name, type(error).__name__, error)
            self._failing.add(name)
