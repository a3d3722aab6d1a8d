"""Bodies that are too large or packed are refused before anything reads them."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradewind.service.context import context_of
from tradewind.service.problems import ProblemError, problem_response


class BodyLimit:
    """Refuses a body of more than `limit` bytes (413), as declared or as it arrives, and any content coding (415)."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal:
            await problem_response(context_of(scope).request_id, refusal)(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _refusal(self, scope: Scope) -> ProblemError | None:
        for name, value in scope["headers"]:
            if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
                return ProblemError(415, "packed-body", "a body must come as it is, without a content coding")
            if name == b"content-length" and (not value.isdigit() or int(value) > self._limit):
                return self._too_large()
        return None

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise self._too_large()
            return message

        return counted

    def _too_large(self) -> ProblemError:
        return ProblemError(413, "body-too-large", f"a body may hold {self._limit} bytes at most")
