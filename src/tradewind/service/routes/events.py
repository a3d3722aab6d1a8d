"""POST /v1/events: acknowledged after it is on disk."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tradewind.service.access import Listening, MaybeUser
from tradewind.service.answering import beside
from tradewind.service.intake import judge_batch, judge_one
from tradewind.service.json_route import StrictRoute
from tradewind.service.schemas.events import BatchResult, EventResult, EventsBody
from tradewind.service.schemas.problems import Problem

router = APIRouter(route_class=StrictRoute, tags=["events"])


@router.post(
    "/v1/events",
    response_model=BatchResult | EventResult,
    responses={409: {"model": Problem, "description": "The same event_id came before with another body."}},
)
async def events(request: Request, service: Listening, token: MaybeUser, body: EventsBody) -> Response:
    """Takes one event, or a batch `{"events": [...]}` whose events are judged one by one.

    The answer comes after what it calls `stored` is on disk. Sending an event again, with the same event_id, is safe.
    """
    judge = judge_batch if "events" in body else judge_one
    result = await beside(service, lambda: judge(service, token, body))
    return Response(result.model_dump_json(exclude_none=True), media_type="application/json")
