"""Jobs in the store: who asked, how far each is, and the lease of whoever works on it. Times are seconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Connection, Row, delete, func, insert, select, text, update

from tradewind.data.store.schema import jobs

State = Literal["queued", "running", "done", "failed", "cancelled"]
UNFINISHED: Final = ("queued", "running")
MOST_PROBLEMS: Final = 100
"""Bad lines that a job names; every one stands in the results."""


@dataclass(frozen=True, slots=True)
class Job:
    """One job. `owner` is the id of the API key that made it; offsets are bytes of its two files."""

    id: str
    owner: str
    repeat: str | None
    """A digest of the caller's word for "the same request again"."""
    digest: str
    """Of what was asked, to tell a repeat from another request under the same word."""
    estimator: str
    k: int
    total: int
    created: float
    state: State = "queued"
    done: int = 0
    errors: int = 0
    read_bytes: int = 0
    written_bytes: int = 0
    busy: float = 0.0
    """Seconds that it was worked on."""
    tries: int = 0
    """How often it was begun since it last got further."""
    runner: str | None = None
    lease_until: float | None = None
    versions: tuple[str, ...] = ()
    problems: tuple[dict[str, Any], ...] = ()
    reason: str | None = None
    finished: float | None = None

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED


@dataclass(frozen=True, slots=True)
class Runner:
    """Who works on a job, and from when until when the job is its own unless it is heard of again."""

    name: str
    now: float
    until: float


_LISTS: Final = ("versions", "problems")
_COLUMNS: Final = [jobs.c[field.name] for field in fields(Job)]


def add(connection: Connection, job: Job, most: int) -> Job | None:
    """Puts a job into the queue and returns it, or the earlier one that its owner asked for under the same word.

    Returns None, with nothing done, when `most` are unfinished already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7262)"))
    earlier = repeated(connection, job.owner, job.repeat) if job.repeat else None
    if earlier is not None:
        return earlier
    if unfinished(connection) >= most:
        return None
    connection.execute(insert(jobs).values(_row(asdict(job))))
    return job


def find(connection: Connection, job_id: str, owner: str) -> Job | None:
    """Returns the owner's job of that id; None for one that is not there or somebody else's."""
    return _one(connection, (jobs.c.id == job_id) & (jobs.c.owner == owner))


def repeated(connection: Connection, owner: str, repeat: str) -> Job | None:
    """Returns the job that the owner asked for under the same word before."""
    return _one(connection, (jobs.c.owner == owner) & (jobs.c.repeat == repeat))


def unfinished(connection: Connection) -> int:
    """Returns how many jobs wait or run."""
    counted = select(func.count()).select_from(jobs).where(jobs.c.state.in_(UNFINISHED))
    return int(connection.execute(counted).scalar_one())


def claim(connection: Connection, runner: Runner, here: Set[str]) -> Job | None:
    """Gives `runner` the oldest of the jobs `here` that waits, or whose lease ran out; None when there is none."""
    free = (jobs.c.state == "queued") | ((jobs.c.state == "running") & (jobs.c.lease_until < runner.now))
    waiting = select(jobs.c.id).where(free).order_by(jobs.c.created, jobs.c.id)
    found = next((job_id for job_id in connection.execute(waiting).scalars() if job_id in here), None)
    if found is None:
        return None
    taken = {"state": "running", "runner": runner.name, "lease_until": runner.until, "tries": jobs.c.tries + 1}
    if not connection.execute(update(jobs).where((jobs.c.id == found) & free).values(taken)).rowcount:
        return None
    return _one(connection, jobs.c.id == found)


def release(connection: Connection, here: Set[str]) -> None:
    """Puts those of the jobs `here` that run back into the queue: for the one who knows that their runner is gone."""
    running = connection.execute(select(jobs.c.id).where(jobs.c.state == "running")).scalars()
    gone = [job_id for job_id in running if job_id in here]
    connection.execute(update(jobs).where(jobs.c.id.in_(gone)).values(state="queued", runner=None))


def advance(connection: Connection, job_id: str, runner: str, values: Mapping[str, Any]) -> bool:
    """Sets columns of a job that `runner` holds. Returns False when it holds it no more: it was cancelled or taken."""
    held = (jobs.c.id == job_id) & (jobs.c.runner == runner) & (jobs.c.state == "running")
    return bool(connection.execute(update(jobs).where(held).values(_row(values))).rowcount)


def cancel(connection: Connection, job: Job, now: float) -> None:
    """Ends a job: one that was unfinished is remembered as cancelled, one that had ended is forgotten."""
    unended = (jobs.c.id == job.id) & jobs.c.state.in_(UNFINISHED)
    ended = update(jobs).where(unended).values(state="cancelled", runner=None, finished=now)
    if not connection.execute(ended).rowcount:
        connection.execute(delete(jobs).where(jobs.c.id == job.id))


def forget_before(connection: Connection, moment: float) -> list[str]:
    """Forgets the jobs that ended before `moment`. Returns their ids."""
    over = list(connection.execute(select(jobs.c.id).where(jobs.c.finished < moment)).scalars())
    connection.execute(delete(jobs).where(jobs.c.id.in_(over)))
    return over


def ids_with_files(connection: Connection) -> set[str]:
    """Returns the jobs that may have files: all but the cancelled."""
    return set(connection.execute(select(jobs.c.id).where(jobs.c.state != "cancelled")).scalars())


def counts(connection: Connection) -> dict[str, int]:
    """Returns how many jobs there are by state."""
    rows = connection.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state)).all()
    return {str(state): int(count) for state, count in rows}


def _one(connection: Connection, condition: Any) -> Job | None:
    row = connection.execute(select(*_COLUMNS).where(condition).order_by(jobs.c.created, jobs.c.id).limit(1)).first()
    return None if row is None else _job(row)


def _job(row: Row[Any]) -> Job:
    values = dict(row._mapping)
    return Job(**values | {name: tuple(orjson.loads(values[name])) for name in _LISTS})


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: orjson.dumps(value).decode() if name in _LISTS else value for name, value in values.items()}
