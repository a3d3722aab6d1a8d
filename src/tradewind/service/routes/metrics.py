"""GET /metrics."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from tradewind.service.assembly import service_of

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(request: Request) -> Response:
    """Counts for Prometheus, of all workers. Nothing in it is about a person."""
    service = service_of(request)
    service.metrics.serving(service.engine.generation, service.engine.delta)
    text = await asyncio.to_thread(service.metrics.render)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})
