"""A job as its owner sees it: where it stands, what came of it, and its end."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO, Final

from tradewind.data.store import jobs
from tradewind.data.store.jobs import Job
from tradewind.service.answering import beside
from tradewind.service.assembly import Service
from tradewind.service.problems import ProblemError
from tradewind.service.schemas.jobs import BadLine, JobStatus

PIECE: Final = 256 << 10
AGAIN_SECONDS: Final = 2


def find(service: Service, job_id: str, owner: str) -> Job:
    """Returns the owner's job. Raises ProblemError (404) for one that is not there, has expired or is another's."""
    with service.store.reading() as connection:
        job = jobs.find(connection, job_id, owner)
    if job is None or (job.finished and job.finished + _kept(service) < time.time()):
        raise ProblemError(404, "not-found", "there is no such job")
    return job


def address(job: Job) -> str:
    return f"/v1/predict/jobs/{job.id}"


def status(service: Service, job: Job) -> JobStatus:
    """Returns what is told of a job."""
    return JobStatus(
        id=job.id,
        estimator=job.estimator,
        k=job.k,
        state=job.state,
        total=job.total,
        done=job.done,
        errors=job.errors,
        bad_lines=[BadLine.model_validate(one) for one in job.problems],
        seconds_left=_seconds_left(job),
        versions=list(job.versions),
        reason=job.reason,
        created=_iso(job.created),
        finished=_iso(job.finished) if job.finished else None,
        expires=_iso(job.finished + _kept(service)) if job.finished else None,
        result=f"{address(job)}/result" if job.state == "done" else None,
    )


def results(service: Service, job_id: str, owner: str) -> BinaryIO:
    """Returns the opened results. Raises ProblemError: 409 with a reason for a job that is not done, 404 as `find`."""
    job = find(service, job_id, owner)
    if job.state != "done":
        again = {"Retry-After": str(AGAIN_SECONDS)} if job.unfinished else None
        raise ProblemError(409, "job-not-done", f"the job is {job.state}", headers=again)
    try:
        return service.jobs.files.results(job.id).open("rb")
    except FileNotFoundError:
        raise ProblemError(404, "not-found", "the job's results are not on this machine") from None


async def pieces(service: Service, file: BinaryIO) -> AsyncIterator[bytes]:
    """Yields the results as fast as they are taken, and closes them; deleted meanwhile, they still come whole."""
    try:
        while piece := await beside(service, partial(os.read, file.fileno(), PIECE)):
            yield piece
    finally:
        file.close()


def remove(service: Service, job_id: str, owner: str) -> None:
    """Cancels an unfinished job, and deletes the texts and results of any. Raises ProblemError (404) as `find`."""
    job = find(service, job_id, owner)
    with service.store.writing() as connection:
        jobs.cancel(connection, job, time.time())
    service.jobs.files.remove(job.id)
    service.jobs.audit.note("deleted", job)


def _seconds_left(job: Job) -> float | None:
    if not job.unfinished or not job.done:
        return None
    return round(job.busy / job.done * (job.total - job.done), 1)


def _kept(service: Service) -> float:
    return service.shop.settings.serve.jobs.keep_hours * 3600.0


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
