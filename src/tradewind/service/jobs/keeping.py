"""Looks after jobs from a server: counts them, takes away what is over, and sees that somebody works on them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from tradewind.data.store import Store, jobs
from tradewind.data.store.jobs import UNFINISHED
from tradewind.engine.watching import Watcher
from tradewind.service.jobs.files import JobFiles
from tradewind.service.metrics import Metrics

LOOK_SECONDS: Final = 2.0
TIDY_SECONDS: Final = 60.0


class Workers(Protocol):
    """Whoever works jobs off."""

    def ensure(self) -> None: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Keeping:
    """One server's look after the jobs of the shop, again and again in the background."""

    store: Store
    files: JobFiles
    metrics: Metrics
    workers: Workers
    keep_seconds: float
    draining: Callable[[], bool]
    _tidied: float = -TIDY_SECONDS
    _watcher: Watcher = field(init=False)

    def __post_init__(self) -> None:
        self._watcher = Watcher({"the jobs": self.look}, LOOK_SECONDS)

    def start(self) -> None:
        self._watcher.start()

    def close(self) -> None:
        """Ends the look, and the work that was begun here; it goes on when a server is there again."""
        self._watcher.close()
        self.workers.close()

    def look(self) -> None:
        """Counts, tidies now and then, and lets somebody work when there is work."""
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidied = time.monotonic()
            self.tidy()
        with self.store.reading() as connection:
            counted = jobs.counts(connection)
        self.metrics.jobs(counted)
        if any(counted.get(state) for state in UNFINISHED) and not self.draining() and self.files.unattended():
            self.workers.ensure()

    def tidy(self) -> None:
        """Takes away jobs that ended long enough ago, with their results, and folders that no job names."""
        with self.store.writing() as connection:
            over = jobs.forget_before(connection, time.time() - self.keep_seconds)
            known = jobs.ids_with_files(connection)
        for job_id in over:
            self.files.remove(job_id)
        self.files.remove_all_but(known)
