"""Every error that leaves the service: problem+json (RFC 9457), never a stack trace, never the caller's own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from tradewind.errors import (
    AccessError,
    ConflictError,
    DataError,
    MissingExtraError,
    NotFoundError,
    RequestError,
    StoreError,
    TradewindError,
)
from tradewind.service.context import context_of
from tradewind.service.schemas.problems import FieldProblem, Problem
from tradewind.telemetry import logger

MEDIA_TYPE: Final = "application/problem+json"
MOST_FIELDS: Final = 20
"""Field problems told at once; a body of a million wrong fields must not make a long answer."""

_STATUS_OF: Final[Mapping[type[TradewindError], tuple[int, str]]] = {
    NotFoundError: (404, "not-found"),
    RequestError: (400, "bad-request"),
    AccessError: (403, "forbidden"),
    ConflictError: (409, "conflict"),
    DataError: (422, "bad-record"),
    StoreError: (503, "store-unavailable"),
    MissingExtraError: (501, "not-installed"),
}


class ProblemError(HTTPException):
    """An answer that is a problem. `kind` is the last word of its `type`."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers=dict(headers or {}))
        self.kind = kind
        self.errors = tuple(errors)


def overloaded(detail: str, *, retry_after: int = 1) -> ProblemError:
    """Returns the problem of a service that has too much to do now."""
    return ProblemError(503, "overloaded", detail, headers={"Retry-After": str(retry_after)})


def problem_response(request_id: str, error: ProblemError) -> Response:
    """Returns `error` as a response."""
    problem = Problem(
        type=f"urn:tradewind:problem:{error.kind}",
        title=HTTPStatus(error.status_code).phrase,
        status=error.status_code,
        detail=str(error.detail),
        instance=f"urn:tradewind:request:{request_id}",
        errors=list(error.errors) or None,
    )
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, error.status_code, headers=error.headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem."""

    @app.exception_handler(StarletteHTTPException)
    async def http_error(request: Request, error: StarletteHTTPException) -> Response:
        return problem_response(context_of(request.scope).request_id, _from_http(error))

    @app.exception_handler(RequestValidationError)
    async def validation_error(request: Request, error: RequestValidationError) -> Response:
        return problem_response(context_of(request.scope).request_id, _from_validation(error))

    @app.exception_handler(TradewindError)
    async def tradewind_error(request: Request, error: TradewindError) -> Response:
        request_id, problem = context_of(request.scope).request_id, from_tradewind(error)
        if problem.status_code >= 500:
            logger.error("request %s failed: %s: %s", request_id, type(error).__name__, error)
        return problem_response(request_id, problem)


def from_tradewind(error: TradewindError) -> ProblemError:
    """Returns the problem that an error is to a caller; what is not the caller's fault tells nothing of its inside."""
    for kind, (status, name) in _STATUS_OF.items():
        if isinstance(error, kind):
            headers = {"Retry-After": "1"} if status == 503 else None
            detail = "the store cannot be reached now" if status == 503 else str(error)
            return ProblemError(status, name, detail, headers=headers)
    return ProblemError(500, "internal", "something failed inside; the request id finds it in the log")


def field_problems(errors: Sequence[Mapping[str, Any]]) -> list[FieldProblem]:
    """Returns validation errors as field problems: where and why, without the value itself."""
    return [_field_problem(error) for error in errors[:MOST_FIELDS]]


def _from_http(error: StarletteHTTPException) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    details = {404: "there is nothing at this path", 405: "this path does not take this method"}
    detail = details.get(error.status_code, str(error.detail))
    return ProblemError(error.status_code, kind, detail, headers=error.headers)


def _from_validation(error: RequestValidationError) -> ProblemError:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return ProblemError(400, "malformed-json", "the body is not valid JSON in UTF-8")
    fields = field_problems(found)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return ProblemError(422, "invalid-request", f"{_said(fields[0])}{more}", errors=fields)


def _said(field: FieldProblem) -> str:
    place = field.parameter or (field.pointer or "").removeprefix("#/")
    return f"{place}: {field.detail}" if place else field.detail


def _field_problem(error: Mapping[str, Any]) -> FieldProblem:
    place, *path = error["loc"] or ("body",)
    detail = str(error["msg"]).removeprefix("Value error, ")
    if place == "body":
        return FieldProblem(detail=detail, pointer="#" + "".join(f"/{_escape(part)}" for part in path))
    return FieldProblem(detail=detail, parameter=_escape(".".join(str(part) for part in path)))


def _escape(part: object) -> str:
    """Returns one step of a JSON Pointer; what is not text in UTF-8 is spelled out, and a long one is cut."""
    text = str(part)[:100].encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("~", "~0").replace("/", "~1")
