"""Errors on the wire: problem details, RFC 9457."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One field that cannot be used, named where the caller wrote it."""

    model_config = ConfigDict(extra="forbid")

    detail: str
    pointer: str | None = Field(None, description="A JSON Pointer into the body, as a URI fragment.")
    parameter: str | None = Field(None, description="A query, path or header parameter.")


class Problem(BaseModel):
    """What went wrong. `instance` names the request, so that a report can be found in the log."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="A stable name of this kind of problem.")
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldProblem] | None = None
