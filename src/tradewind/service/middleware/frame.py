"""The outermost ring: gives a request its id, keeps a crash from leaking, adds the usual headers, and counts."""

from __future__ import annotations

import traceback
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tradewind.service.context import RequestContext, accepted_id
from tradewind.service.metrics import Metrics
from tradewind.service.problems import ProblemError, problem_response
from tradewind.telemetry import logger

_ALWAYS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_API: Final = [
    *_ALWAYS,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
_PAGE: Final = [
    *_ALWAYS,
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    ),
]
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are counted by name; a caller can invent others without end."""
_API_PATHS: Final = ("/v1/", "/health/", "/demo/", "/metrics", "/openapi.json")


class Frame:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context = _enter(scope)
        status = 0

        async def framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _headers(scope, context, message)
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception as error:
            _log(error, context)
            if status == 0:
                problem = ProblemError(500, "internal", "something failed inside; the request id finds it in the log")
                await problem_response(context.request_id, problem)(scope, receive, framed)
        finally:
            self._count(scope, status, context)

    def _count(self, scope: Scope, status: int, context: RequestContext) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.request(method, route, status or 499, context.milliseconds() / 1000.0)


def _enter(scope: Scope) -> RequestContext:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), None)
    context = RequestContext()
    context.request_id = accepted_id(given) or context.request_id
    scope.setdefault("state", {})["context"] = context
    return context


def _headers(scope: Scope, context: RequestContext, message: Message) -> list[tuple[bytes, bytes]]:
    own = {name.lower(): value for name, value in message.get("headers", [])}
    defaults = _API if scope["path"].startswith(_API_PATHS) else _PAGE
    headers = [(name, value) for name, value in message.get("headers", []) if name.lower() != b"server-timing"]
    headers += [(name, value) for name, value in defaults if name not in own]
    total = f"total;dur={context.milliseconds():.2f}".encode()
    stages = own.get(b"server-timing")
    headers.append((b"server-timing", stages + b", " + total if stages else total))
    headers.append((b"x-request-id", context.request_id.encode("latin-1")))
    return headers


def _log(error: Exception, context: RequestContext) -> None:
    """Says where it failed and how, never with which words: an error's own text may hold a query or a name."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(
        f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})" for frame in reversed(frames)
    )
    logger.error("request %s failed: %s in %s", context.request_id, type(error).__name__, places)
