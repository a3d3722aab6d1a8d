"""The process that answers jobs: of the lowest priority, one a shop, there while there is work and gone afterwards.

A thread would share the interpreter's lock, and its memory, with the searches; a process with the lowest priority gets
the processor when no search wants it. It reads the shop's settings from standard input, since they may hold a password.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from tradewind.data.store import jobs, open_store
from tradewind.engine.estimators import Estimators
from tradewind.errors import TradewindError
from tradewind.service.audit import FILE_NAME, Audit
from tradewind.service.jobs.files import JobFiles
from tradewind.service.jobs.run import Desk, Runner
from tradewind.service.metrics import Metrics
from tradewind.settings import Shop, ShopSettings
from tradewind.telemetry import logger

LINGER_SECONDS: Final = 5.0
"""How long it waits for the next job, with its models still open."""
END_SECONDS: Final = 20.0
LOWEST: Final = 19


class JobProcess:
    """Starts the process from a server, and ends it with the server."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._running: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def ensure(self) -> None:
        """Starts the process unless one that was started here runs; one beside another server's ends itself."""
        with self._lock:
            if self._running is None or self._running.poll() is not None:
                self._running = _start(self._shop)

    def close(self) -> None:
        """Asks the process to give its job back and end, and waits for it."""
        with self._lock:
            if self._running is None or self._running.poll() is not None:
                return
            self._running.terminate()
            try:
                self._running.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._running.kill()
                self._running.wait()


def _start(shop: Shop) -> subprocess.Popen[bytes]:
    settings = {"root": str(shop.root), "parent": os.getpid(), "settings": shop.settings.model_dump(mode="json")}
    started = subprocess.Popen([sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    with suppress(BrokenPipeError), started.stdin as words:  # type: ignore[union-attr]
        words.write(json.dumps(settings).encode())
    return started


def main() -> int:
    """Works off every job of the shop on standard input; returns the exit code."""
    given = json.load(sys.stdin)
    shop = Shop(ShopSettings.model_validate(given["settings"]), Path(given["root"]))
    os.nice(LOWEST)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _setting(ended))
    try:
        work_off(shop, lambda: ended.is_set() or os.getppid() != given["parent"], ended.wait)
    except TradewindError as error:
        logger.error("jobs stand still: %s", error)
        return 1
    return 0


def work_off(shop: Shop, stop: Callable[[], bool], wait: Callable[[float], object]) -> None:
    """Answers jobs until none has come for a while or `stop` says so; not at all when another process does already.

    Whoever is alone with the jobs' files knows that the runner of a job that runs is gone, and waits for no lease.
    """
    files = JobFiles(shop.work / "jobs")
    with files.sole() as alone, closing(open_store(shop)) as store:
        if not alone:
            return
        with store.writing() as connection:
            jobs.release(connection, files.ids())
        runner = Runner(Desk(store, files, Estimators(shop), Metrics(), Audit(shop.work / FILE_NAME)), stop)
        waited = 0.0
        while not stop() and waited < LINGER_SECONDS:
            waited = 0.0 if runner.run_next() else waited + 0.5
            if waited:
                wait(0.5)


def _setting(ended: threading.Event) -> Callable[[int, FrameType | None], None]:
    def note(_signal: int, _frame: FrameType | None) -> None:
        ended.set()

    return note


if __name__ == "__main__":
    sys.exit(main())
