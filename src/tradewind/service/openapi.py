"""The OpenAPI document: what is promised to callers."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tradewind.service.problems import MEDIA_TYPE
from tradewind.service.schemas.problems import Problem

DESCRIPTION: Final = """Search and recommendation over a shop's own catalogue.

The body of an answer is a pure function of the request, the generation, the delta number and, when it is personal, the
version of the person's profile. What varies beside them travels in headers: `X-Request-Id`, `X-Generation`, `X-Delta`,
`X-Cache`, `Server-Timing`. `X-Deadline-Ms` says within how many milliseconds an answer is of use. Every error is
`application/problem+json` (RFC 9457)."""
_METHODS: Final = ("get", "put", "post", "patch", "delete")


def install(app: FastAPI) -> None:
    """Makes `app` serve this document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(model.pop("$defs"))
    schemas["Problem"] = model
    for path in found["paths"].values():
        for operation in (path[method] for method in _METHODS if method in path):
            _say_problems(operation)
    return found


def _say_problems(operation: dict[str, Any]) -> None:
    """Every error of every operation is a problem, and is said once."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = operation["responses"]
    responses.pop("422", None)
    for status, response in responses.items():
        if not status.startswith("2"):
            response["content"] = content
    responses["default"] = {"description": "A problem.", "content": content}
