"""What the service counts for Prometheus, summed over its workers.

With PROMETHEUS_MULTIPROC_DIR set (serve.py does that) every worker writes to a file of its own and a scrape of any
worker answers for all of them. Labels come from closed sets: no query, no id, no identity is ever a label.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from tradewind.service.worker import METRICS_VARIABLE

REQUEST_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
JOB_STATES: Final = ("queued", "running", "done", "failed", "cancelled")
STAGE_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)


class Metrics:
    """The counters of one worker."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Histogram(
            "tradewind_http_request_duration_seconds",
            "Time from a request's arrival to the start of its answer.",
            ("method", "route", "status"),
            buckets=REQUEST_BUCKETS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "tradewind_stage_duration_seconds",
            "Time one stage of an answer took.",
            ("surface", "stage"),
            buckets=STAGE_BUCKETS,
            registry=self._registry,
        )
        self._replies = self._counter("tradewind_replies", "Answers by what gave them.", ("surface", "stage", "cache"))
        self._degraded = self._counter("tradewind_degraded_replies", "Answers that lack a part.", ("surface", "part"))
        self._events = self._counter("tradewind_events", "Events by what became of them.", ("outcome",))
        self._shed = self._counter("tradewind_shed_requests", "Requests turned away unheard.", ("reason",))
        self._in_flight = self._gauge("tradewind_requests_in_flight", "API requests being answered.", (), "livesum")
        self._delta = self._gauge("tradewind_catalogue_delta", "Last catalogue change in the answers.", (), "liveall")
        self._generation = self._gauge(
            "tradewind_generation_info", "1 for the generation a worker serves.", ("generation",), "liveall"
        )
        self._jobs = self._gauge("tradewind_jobs", "Jobs of the shop by state.", ("state",), "livemax")
        self._job_texts = self._counter("tradewind_job_texts", "Texts of jobs by what became of them.", ("outcome",))
        self._serving = ""

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts one finished request."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def reply(self, surface: str, stage: str, cache: str, stages: Iterable[tuple[str, float]]) -> None:
        """Counts one answer of the engine; `stages` are in milliseconds."""
        self._replies.labels(surface, stage, cache).inc()
        for name, milliseconds in stages:
            self._stages.labels(surface, name).observe(milliseconds / 1000.0)

    def degraded(self, surface: str, part: str) -> None:
        """Counts an answer without `part`."""
        self._degraded.labels(surface, part).inc()

    def events(self, outcome: str, count: int) -> None:
        """Counts events: stored, duplicate, conflict or rejected."""
        self._events.labels(outcome).inc(count)

    def shed(self, reason: str) -> None:
        """Counts a request that was turned away."""
        self._shed.labels(reason).inc()

    def in_flight(self, change: int) -> None:
        """Moves the number of requests being answered."""
        self._in_flight.inc(change)

    def jobs(self, counts: Mapping[str, int]) -> None:
        """Says how many jobs the shop has by state."""
        for state in JOB_STATES:
            self._jobs.labels(state).set(counts.get(state, 0))

    def job_texts(self, answered: int, errors: int) -> None:
        """Counts texts of jobs."""
        self._job_texts.labels("answered").inc(answered)
        self._job_texts.labels("error").inc(errors)

    def serving(self, generation: str, delta: int) -> None:
        """Says what this worker answers from."""
        if self._serving and self._serving != generation:
            self._generation.labels(self._serving).set(0)
        self._serving = generation
        self._generation.labels(generation).set(1)
        self._delta.set(delta)

    def render(self) -> bytes:
        """Returns the text that Prometheus reads, of every worker."""
        folder = os.environ.get(METRICS_VARIABLE)
        if not folder:
            return generate_latest(self._registry)
        _forget_dead_workers(Path(folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, labels: tuple[str, ...], mode: str) -> Gauge:
        return Gauge(name, text, labels, registry=self._registry, multiprocess_mode=mode)  # type: ignore[arg-type]


def _forget_dead_workers(folder: Path) -> None:
    """A gauge speaks for a living worker; one that was killed could not take its own back."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = int(file.stem.rsplit("_", 1)[1])
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid, path=str(folder))  # type: ignore[no-untyped-call]
