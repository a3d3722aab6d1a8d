"""What a worker holds while it serves."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from fastapi import Request

from tradewind.data.store import Store
from tradewind.engine.engine import Engine
from tradewind.engine.estimators import Estimators
from tradewind.engine.predicted import Guesses
from tradewind.engine.purchases import Purchases
from tradewind.errors import AccessError
from tradewind.service.audit import FILE_NAME, Audit
from tradewind.service.demo import Demo, prepare
from tradewind.service.jobs.files import JobFiles
from tradewind.service.jobs.keeping import Keeping
from tradewind.service.jobs.process import JobProcess
from tradewind.service.keys import KeyRing, open_keys
from tradewind.service.limits import RateLimits
from tradewind.service.metrics import Metrics
from tradewind.service.people import People, Person
from tradewind.service.problems import ProblemError
from tradewind.service.tokens import verifier
from tradewind.service.worker import Worker
from tradewind.settings import Shop

RECORD_THREADS: Final = 4


@dataclass(slots=True)
class Jobs:
    """Many texts at a time, beside the answers: where they lie, who looks after them, and how many are arriving."""

    files: JobFiles
    keeping: Keeping
    audit: Audit
    coming: int = 0
    """Bodies that this worker takes in now; touched from the event loop only."""


@dataclass(frozen=True, slots=True)
class Service:
    """The parts of one worker. Routes reach everything through it."""

    shop: Shop
    engine: Engine
    estimators: Estimators
    purchases: Purchases
    guesses: Guesses
    store: Store
    keys: KeyRing
    people: People
    limits: RateLimits
    metrics: Metrics
    answers: ThreadPoolExecutor
    """Where the engine is asked: as many threads as shop.yaml says, and no more."""
    records: ThreadPoolExecutor
    """Where the store is read and written: such work waits for the disk, and must not wait for answers."""
    draining: Callable[[], bool]
    jobs: Jobs
    demo: Demo | None = None

    def close(self) -> None:
        """Lets go of everything, after what is being answered."""
        self.jobs.keeping.close()
        self.answers.shutdown(wait=True)
        self.records.shutdown(wait=True)
        self.engine.close()
        self.store.close()

    def person(self, token: str) -> Person:
        """Returns whom `token` names. Raises ProblemError (401) when it names nobody here."""
        try:
            return self.people.named_by(token)
        except AccessError as error:
            raise ProblemError(401, "bad-user-token", str(error)) from None

    def user_known(self, token: str) -> str | None:
        """Returns the pseudonym of whom `token` names, or None when nothing is known of them."""
        return self.people.known(self.person(token))

    def user_remembered(self, token: str) -> str:
        """Returns the pseudonym of whom `token` names, made now when there was none."""
        return self.people.remembered(self.person(token))


def open_service(shop: Shop, parts: tuple[Engine, Store], worker: Worker, metrics: Metrics) -> Service:
    """Returns the service of one worker. Raises ConfigError for keys or tokens that cannot be used."""
    settings, (engine, store) = shop.settings.serve, parts
    demo = Demo(prepare(shop), store) if settings.demo else None
    metrics.serving(engine.generation, engine.delta)
    return Service(
        shop=shop,
        engine=engine,
        estimators=Estimators(shop),
        purchases=Purchases(shop),
        guesses=Guesses(shop),
        store=store,
        keys=open_keys(shop.keys),
        people=People(store, verifier(settings.user_tokens, shop.root), demo),
        limits=RateLimits(settings.rate_per_second, share=1.0 / worker.count),
        metrics=metrics,
        answers=ThreadPoolExecutor(settings.threads, "tradewind-answers"),
        records=ThreadPoolExecutor(RECORD_THREADS, "tradewind-records"),
        draining=worker.draining,
        jobs=_jobs(shop, store, metrics, worker),
        demo=demo,
    )


def _jobs(shop: Shop, store: Store, metrics: Metrics, worker: Worker) -> Jobs:
    files, keep = JobFiles(shop.work / "jobs"), shop.settings.serve.jobs.keep_hours * 3600.0
    keeping = Keeping(store, files, metrics, JobProcess(shop), keep, worker.draining)
    return Jobs(files, keeping, Audit(shop.work / FILE_NAME))


def service_of(request: Request) -> Service:
    """Returns the service that answers `request`. Raises ProblemError (503) before it is open."""
    found = getattr(request.app.state, "service", None)
    if not isinstance(found, Service):
        raise ProblemError(503, "starting", "the service is starting", headers={"Retry-After": "1"})
    return found
