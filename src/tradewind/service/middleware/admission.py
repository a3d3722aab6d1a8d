"""Sheds load: beyond a number of requests in flight the next is turned away at once, and those inside stay fast."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from tradewind.service.context import context_of
from tradewind.service.metrics import Metrics
from tradewind.service.problems import overloaded, problem_response


class Admission:
    """Lets `most` API requests in at a time; health and metrics always pass, since they must speak when it is full."""

    def __init__(self, app: ASGIApp, most: int, metrics: Metrics) -> None:
        self._app = app
        self._most = most
        self._metrics = metrics
        self._inside = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        if self._inside >= self._most:
            self._metrics.shed("in_flight")
            problem = overloaded(f"{self._most} requests are being answered; try again in a second")
            await problem_response(context_of(scope).request_id, problem)(scope, receive, send)
            return
        await self._admit(scope, receive, send)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._inside += 1
        self._metrics.in_flight(1)
        try:
            await self._app(scope, receive, send)
        finally:
            self._inside -= 1
            self._metrics.in_flight(-1)
