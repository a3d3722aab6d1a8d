"""Bodies that are too large or packed are refused before anything reads them."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradewind.service.context import context_of
from tradewind.service.problems import ProblemError, problem_response


class BodyLimit:
    """Refuses a body of more bytes than its request may have (413), as declared or as it arrives, and codings (415)."""

    def __init__(self, app: ASGIApp, limit_of: Callable[[Scope], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope)
        refusal = _refusal(scope, limit)
        if refusal:
            await problem_response(context_of(scope).request_id, refusal)(scope, receive, send)
            return
        await self._app(scope, _counted(receive, limit), send)


def _refusal(scope: Scope, limit: int) -> ProblemError | None:
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            return ProblemError(415, "packed-body", "a body must come as it is, without a content coding")
        if name == b"content-length" and (not value.isdigit() or int(value) > limit):
            return _too_large(limit)
    return None


def _counted(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> ProblemError:
    return ProblemError(413, "body-too-large", f"a body may hold {limit} bytes at most")
