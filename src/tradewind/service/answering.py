"""Asks the engine beside the event loop, within the caller's deadline, and hands its bytes on untouched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from fastapi import Request
from fastapi.responses import Response

from tradewind.engine.reply import Reply
from tradewind.service.assembly import Service
from tradewind.service.context import RequestContext, context_of
from tradewind.service.problems import ProblemError, overloaded

MOST_MILLISECONDS: Final = 60_000
Ask = Callable[[str | None, int], Reply]
"""Asks the engine for a user (a pseudonym, or None) with so many milliseconds left."""
T = TypeVar("T")


async def beside(service: Service, work: Callable[[], T]) -> T:
    """Returns what `work` returns, run where the store is read and written."""
    return await asyncio.get_running_loop().run_in_executor(service.records, work)


async def answer(request: Request, service: Service, surface: str, token: str | None, ask: Ask) -> Response:
    """Returns the engine's answer, for the person that `token` names when there is one.

    Raises ProblemError: 400 for a deadline that is none, 401 for a token that names nobody, 503 when the time is up
    before the engine was asked: an answer nobody waits for is not worked out.
    """

    def work(left: Callable[[], int]) -> Reply:
        user = service.user_known(token) if token else None
        return ask(user, left())

    return respond(service, surface, await in_turn(request, service, work))


async def in_turn(request: Request, service: Service, work: Callable[[Callable[[], int]], Reply]) -> Reply:
    """Returns what `work` returns, run where answers are made; it may ask how many milliseconds are left.

    Raises ProblemError: 400 for a deadline that is none, 503 when the time is up as it asks.
    """
    context, deadline = context_of(request.scope), deadline_ms(request, service)

    def left() -> int:
        return _left(context, deadline)

    return await asyncio.get_running_loop().run_in_executor(service.answers, lambda: work(left))


def respond(service: Service, surface: str, reply: Reply) -> Response:
    """Returns a reply as a response: the body is the engine's, the rest is headers."""
    service.metrics.reply(surface, reply.stage_answered, reply.cache, reply.stages)
    service.metrics.serving(reply.generation, reply.delta)
    for part in reply.degraded:
        service.metrics.degraded(surface, part)
    headers = {"X-Generation": reply.generation, "X-Delta": str(reply.delta), "X-Cache": reply.cache}
    return Response(reply.body, media_type="application/json", headers=headers | timings(reply))


def timings(reply: Reply) -> dict[str, str]:
    """Returns the header that says what each part cost; none for an answer from the cache."""
    parts = ", ".join(f"{name};dur={milliseconds:.2f}" for name, milliseconds in reply.stages)
    return {"Server-Timing": parts} if parts else {}


def deadline_ms(request: Request, service: Service) -> int:
    """Returns the milliseconds from the request's arrival within which an answer is of use."""
    written = request.headers.get("x-deadline-ms")
    if written is None:
        return service.shop.settings.serve.deadline_ms
    if not (written.isascii() and written.isdigit() and len(written) <= 6 and 1 <= int(written) <= MOST_MILLISECONDS):
        raise ProblemError(400, "bad-deadline", f"X-Deadline-Ms is a whole number from 1 to {MOST_MILLISECONDS}")
    return int(written)


def _left(context: RequestContext, deadline: int) -> int:
    left = int(deadline - context.milliseconds())
    if left < 1:
        raise overloaded("the time for this answer was up before its turn came")
    return left
