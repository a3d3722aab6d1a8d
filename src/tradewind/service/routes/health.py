"""GET /health/live, GET /health/ready."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel

from tradewind.service.assembly import Service, service_of
from tradewind.service.probe import probe
from tradewind.service.problems import ProblemError
from tradewind.service.schemas.problems import Problem

router = APIRouter(prefix="/health", tags=["health"])


class Live(BaseModel):
    """The process answers."""

    live: Literal[True] = True


class Ready(BaseModel):
    """A generation answers."""

    ready: Literal[True] = True
    generation: str


@router.get("/live")
async def live() -> Live:
    """Says that the process runs."""
    return Live()


@router.get("/ready", response_model=Ready, responses={503: {"model": Problem}})
async def ready(request: Request) -> Response:
    """Says whether to send requests here: a generation just answered a probe, and the service is not stopping."""
    service: Service = service_of(request)
    if service.draining():
        raise ProblemError(503, "draining", "the service is stopping", headers={"Retry-After": "5"})
    if not await probe(service):
        raise ProblemError(503, "not-ready", "no generation answers a probe query", headers={"Retry-After": "5"})
    return Response(Ready(generation=service.engine.generation).model_dump_json(), media_type="application/json")
