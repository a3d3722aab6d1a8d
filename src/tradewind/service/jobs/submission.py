"""Texts on their way in: counted and put on disk as they come, and queued once they are there."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, Final

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from tradewind.data.store import jobs
from tradewind.data.store.jobs import Job
from tradewind.service.answering import beside
from tradewind.service.assembly import Service
from tradewind.service.context import context_of
from tradewind.service.problems import ProblemError, overloaded
from tradewind.service.schemas.jobs import JobIn
from tradewind.settings import ServeSettings

LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
PATH: Final = re.compile(r"/v1/predict/[^/]+/jobs\Z")
SILENT_SECONDS: Final = 30.0
WHOLE_SECONDS: Final = 900.0
"""How long a caller may say nothing, and take altogether, while it sends."""
COMING_AT_ONCE: Final = 4
"""Bodies that a worker takes in at a time: each of them is a request in flight for as long as its caller likes."""
FULL_SECONDS: Final = 30
_WORD: Final = re.compile(r"[\x21-\x7e]{1,200}\Z")


def body_limit(settings: ServeSettings, scope: Scope) -> int:
    """Returns how many bytes a request's body may have."""
    lines = scope["method"] == "POST" and PATH.match(scope["path"]) and _media_type(scope) in LINES
    return settings.jobs.body_limit if lines else settings.body_limit


async def submit(request: Request, service: Service, estimator: str, k: int) -> Job:
    """Returns the job that now waits, or the earlier one of the same Idempotency-Key.

    Raises ProblemError: 404 for an estimator that is not there, 408 for a caller that says nothing, 409 for another
    request under a key that was used, 413 and 422 for a body that is too large or none, 503 when the queue is full.
    """
    repeat = _repeat(request)
    await beside(service, lambda: service.estimators.require(estimator))
    if service.jobs.coming >= COMING_AT_ONCE:
        raise _full("many texts are arriving now")
    service.jobs.coming += 1
    try:
        return await _take(request, service, Asked(context_of(request.scope).key_id, estimator, repeat, k))
    finally:
        service.jobs.coming -= 1


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, before the texts are there."""

    owner: str
    estimator: str
    repeat: str | None
    k: int


async def _take(request: Request, service: Service, asked: Asked) -> Job:
    await beside(service, lambda: _require_room(service, asked))
    job_id = secrets.token_hex(16)
    if _media_type(request.scope) in LINES:
        pieces, k = _pieces(request), asked.k
    else:
        body = await _json_body(request)
        pieces, k = _lines_of(body), body.k
    texts = _Texts(service.shop.settings.serve.jobs.most_texts, service.jobs.files.coming(job_id))
    await _write(service, texts, pieces)
    digest = texts.digest(asked.estimator, k)
    job = Job(job_id, asked.owner, asked.repeat, digest, asked.estimator, k, texts.lines, time.time())
    return await beside(service, lambda: _queue(service, job))


def _require_room(service: Service, asked: Asked) -> None:
    """Turns a caller away before its texts are read, unless it may be asking for a job that is there."""
    with service.store.reading() as connection:
        waits = jobs.unfinished(connection)
        known = asked.repeat is not None and jobs.repeated(connection, asked.owner, asked.repeat)
    if waits >= service.shop.settings.serve.jobs.at_once and not known:
        raise _full(f"{waits} jobs wait or run")


def _queue(service: Service, job: Job) -> Job:
    try:
        with service.store.writing() as connection:
            standing = jobs.add(connection, job, service.shop.settings.serve.jobs.at_once)
    except BaseException:
        service.jobs.files.remove(job.id)
        raise
    if standing is not job:
        service.jobs.files.remove(job.id)
    if standing is None:
        raise _full("too many jobs wait or run")
    if standing.digest != job.digest:
        raise ProblemError(409, "idempotency-conflict", "this Idempotency-Key came before with another request")
    if standing is job:
        service.jobs.audit.note("submitted", job)
        service.jobs.keeping.look()
    return standing


@dataclass(slots=True)
class _Texts:
    """Texts as they come: a file that stands when all are there, their number, and a digest."""

    most: int
    folder: AbstractContextManager[BinaryIO]
    file: BinaryIO | None = None
    _ends: int = 0
    _open_line: bool = False
    _hash: Any = field(default_factory=hashlib.sha256)

    @property
    def lines(self) -> int:
        return self._ends + self._open_line

    def open(self) -> None:
        self.file = self.folder.__enter__()

    def add(self, piece: bytes) -> None:
        """Raises ProblemError (413) for more lines than a job may have."""
        if self.file is None or not piece:
            return
        self._ends += piece.count(b"\n")
        self._open_line = not piece.endswith(b"\n")
        if self.lines > self.most:
            raise ProblemError(413, "too-many-texts", f"a job may have {self.most} texts at most")
        self.file.write(piece)
        self._hash.update(piece)

    def close(self, error: BaseException | None = None) -> None:
        self.folder.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)

    def digest(self, estimator: str, k: int) -> str:
        self._hash.update(orjson.dumps([estimator, k]))
        return str(self._hash.hexdigest())


async def _write(service: Service, texts: _Texts, pieces: AsyncIterator[bytes]) -> None:
    """Puts the texts on disk as fast as the disk takes them; the next piece is asked for when the last one is there."""
    await beside(service, texts.open)
    try:
        async for piece in pieces:
            await beside(service, partial(texts.add, piece))
        if not texts.lines:
            raise ProblemError(422, "invalid-request", "a job needs at least one text")
    except BaseException as error:
        await beside(service, partial(_given_up, texts, error))
        raise
    await beside(service, texts.close)


def _given_up(texts: _Texts, error: BaseException) -> None:
    with suppress(BaseException):
        texts.close(error)


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """Yields a body as it comes. Raises ProblemError (408) when it stops coming."""
    body = request.stream()
    until = time.monotonic() + WHOLE_SECONDS
    while True:
        try:
            yield await asyncio.wait_for(anext(body), min(SILENT_SECONDS, until - time.monotonic()))
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ProblemError(408, "too-slow", "the texts stopped coming") from None
        except ClientDisconnect:
            raise ProblemError(400, "gone", "the caller went while it sent") from None


async def _json_body(request: Request) -> JobIn:
    try:
        return JobIn.model_validate(orjson.loads(await request.body()))
    except orjson.JSONDecodeError:
        raise ProblemError(400, "malformed-json", "the body is not valid JSON in UTF-8") from None
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in found]) from None


async def _lines_of(body: JobIn) -> AsyncIterator[bytes]:
    yield b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in body.lines())


def _repeat(request: Request) -> str | None:
    word = request.headers.get("idempotency-key")
    if word is None:
        return None
    if not _WORD.match(word):
        raise ProblemError(400, "bad-idempotency-key", "an Idempotency-Key is 1 to 200 visible ASCII characters")
    return hashlib.sha256(word.encode()).hexdigest()


def _media_type(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"content-type"), b"application/json")
    return str(given.decode("latin-1").partition(";")[0].strip().lower())


def _full(detail: str) -> ProblemError:
    return overloaded(f"{detail}; try again later", retry_after=FULL_SECONDS)
