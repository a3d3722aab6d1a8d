"""A process that answers, one of several: where it stands, and how it ends with its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tradewind.engine.watching import Watcher

DRAINING: Final = "draining"
METRICS_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder where prometheus_client keeps each worker's counts."""
LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Worker:
    """One of `count` workers. `run` is the folder they share with their parent; None for a process on its own."""

    count: int = 1
    run: Path | None = None
    parent: int | None = None
    patience: float = 60.0
    """Seconds from the beginning of a stop after which whatever is still being answered is given up."""

    def draining(self) -> bool:
        """Returns whether the service is about to stop."""
        return self.run is not None and (self.run / DRAINING).exists()

    def settle(self) -> None:
        """Leaves Ctrl-C to the parent, which drains first, and tells it that this worker listens from now on."""
        if self.run is None or self.parent is None:
            return
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        (self.run / f"{os.getpid()}.up").touch()

    def watcher(self) -> Watcher | None:
        """Returns what ends this worker when its parent is gone; None for a process on its own."""
        if self.parent is None:
            return None
        return Watcher({"the parent": _leave_with(self.parent), "the stop": self._leave_late}, LOOK_SECONDS)

    def _leave_late(self) -> None:
        if self.run is not None and self.draining():
            began = (self.run / DRAINING).stat().st_mtime
            if time.time() - began > self.patience:
                os._exit(1)


def _leave_with(parent: int) -> Callable[[], None]:
    def look() -> None:
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)

    return look
