"""Works jobs off, one after another; a job goes on after its last finished chunk, in whatever process that is."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, BinaryIO, Final, Protocol

from tradewind.data.store import Store, jobs
from tradewind.data.store.jobs import MOST_PROBLEMS, Job
from tradewind.engine.estimators import Answers, Input
from tradewind.engine.line_answers import AnsweredLines, answer_lines
from tradewind.engine.text_lines import TextLine, read_lines
from tradewind.errors import StoreError, TradewindError
from tradewind.service.audit import Audit
from tradewind.service.jobs.files import JobFiles
from tradewind.service.metrics import Metrics
from tradewind.telemetry import logger

CHUNK: Final = 64
"""Lines that are answered, written and acknowledged at a time."""
LEASE_SECONDS: Final = 60.0
"""How long a job stays with a runner that is not heard of: longer than a few texts may take."""
BEAT_SECONDS: Final = 10.0
MOST_TRIES: Final = 3
"""A job that ended its process so often at the same place is given up."""


class StoppedError(Exception):
    """The runner is to end, or the job is no longer its own."""


class Answering(Protocol):
    """The shop's estimators."""

    def answers(self, name: str, texts: Sequence[Input], k: int, still: Callable[[], object]) -> Answers: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What work on jobs needs."""

    store: Store
    files: JobFiles
    estimators: Answering
    metrics: Metrics
    audit: Audit


@dataclass(slots=True)
class Runner:
    """One worker of jobs. `stop` says whether it is to end; it then gives its job back at the next few texts."""

    desk: Desk
    stop: Callable[[], bool] = lambda: False
    name: str = field(default_factory=lambda: f"{socket.gethostname()[:32]}-{os.getpid()}-{secrets.token_hex(4)}")

    def run_next(self) -> bool:
        """Works off the oldest job. Returns whether there was one. Raises StoreError when the database fails."""
        now = time.time()
        with self.desk.store.writing() as connection:
            me = jobs.Runner(self.name, now, now + LEASE_SECONDS)
            job = None if self.stop() else jobs.claim(connection, me, self.desk.files.ids())
        if job is None:
            return False
        _Work(self.desk, self.stop, self.name, job).go()
        return True


@dataclass(slots=True)
class _Work:
    """One job as it is worked on."""

    desk: Desk
    stop: Callable[[], bool]
    runner: str
    job: Job
    heard: float = field(default_factory=time.monotonic)
    """When the store last heard that the job is still worked on."""

    def go(self) -> None:
        """Answers the rest of the lines, and ends the job as done or failed; cancelled, it is left as it is."""
        try:
            if self.job.tries > MOST_TRIES:
                self._end("failed", f"the process ended {MOST_TRIES} times at the lines after {self.job.done:,}")
                return
            self._answer_rest()
            self._end("done", None)
        except StoppedError:
            self._advance(state="queued", runner=None, tries=0)
        except OSError as error:
            self._end("failed", f"texts or results could not be read or written: {error.strerror or type(error)}")
        except StoreError:
            raise
        except TradewindError as error:
            self._end("failed", error.what)
        except Exception as error:
            logger.error("job %s failed: %s", self.job.id, type(error).__name__)
            self._end("failed", "something failed inside; the job's id finds it in the log")

    def _answer_rest(self) -> None:
        files, job = self.desk.files, self.job
        with files.texts(job.id).open("rb") as texts, files.going_on(job.id, job.written_bytes) as results:
            texts.seek(job.read_bytes)
            lines = read_lines(texts, job.done + 1)
            while chunk := list(islice(lines, CHUNK)):
                self._answer(chunk, results)

    def _answer(self, chunk: Sequence[TextLine], results: BinaryIO) -> None:
        began = time.monotonic()
        answered = answer_lines(chunk, self._ask)
        results.write(answered.body)
        results.flush()
        os.fsync(results.fileno())
        if not self._advance(**self._progress(chunk, answered, results.tell(), time.monotonic() - began)):
            raise StoppedError
        self.desk.metrics.job_texts(len(chunk) - len(answered.problems), len(answered.problems))

    def _ask(self, texts: Sequence[Input]) -> Answers:
        return self.desk.estimators.answers(self.job.estimator, texts, self.job.k, self._still)

    def _still(self) -> None:
        if self.stop() or (time.monotonic() - self.heard > BEAT_SECONDS and not self._advance()):
            raise StoppedError

    def _progress(
        self, chunk: Sequence[TextLine], answered: AnsweredLines, written: int, seconds: float
    ) -> dict[str, Any]:
        job = self.job
        told = (*job.problems, *answered.problems)[:MOST_PROBLEMS]
        return {
            "done": job.done + len(chunk),
            "errors": job.errors + len(answered.problems),
            "read_bytes": chunk[-1].end,
            "written_bytes": written,
            "busy": job.busy + seconds,
            "tries": 0,
            "problems": told,
            "versions": tuple(dict.fromkeys([*job.versions, *filter(None, [answered.version])])),
        }

    def _advance(self, **values: Any) -> bool:
        """Says how far the job is and that it is worked on. Returns False when it is this runner's no more."""
        self.heard = time.monotonic()
        changes = {"lease_until": time.time() + LEASE_SECONDS, **values}
        with self.desk.store.writing() as connection:
            held = jobs.advance(connection, self.job.id, self.runner, changes)
        if held:
            self.job = replace(self.job, **values)
        return held

    def _end(self, state: str, reason: str | None) -> None:
        """The texts go at once: what came of them stands in the results, and half of the results is of no use."""
        if self._advance(state=state, reason=reason, runner=None, finished=time.time()):
            if state == "done":
                self.desk.files.forget_texts(self.job.id)
            else:
                self.desk.files.remove(self.job.id)
            self.desk.audit.note(state, self.job)
