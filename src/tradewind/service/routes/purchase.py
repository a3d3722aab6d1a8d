"""POST /v1/predict/purchase."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tradewind.data.records import Event
from tradewind.engine.purchases import Asked
from tradewind.engine.reply import Reply
from tradewind.engine.tags import events_without
from tradewind.service.access import MaybeUser, Searching
from tradewind.service.answering import in_turn, timings
from tradewind.service.assembly import Service
from tradewind.service.json_route import StrictRoute
from tradewind.service.problems import ProblemError
from tradewind.service.schemas.purchase import PurchaseChances, PurchaseIn
from tradewind.tasks.profile.tags import Deletions

router = APIRouter(route_class=StrictRoute, tags=["predict"])


@router.post("/v1/predict/purchase", response_model=PurchaseChances, response_model_exclude_none=True)
async def purchase(request: Request, service: Searching, token: MaybeUser, body: PurchaseIn) -> Response:
    """Says how likely a person buys of the items' categories in the coming days, in calibrated probabilities.

    The person is whom the user token names, or whoever made the purchases of `history`. Nothing is concluded of
    somebody with personalisation switched off, from a tag that was deleted, or about a sensitive topic.
    """

    def work(left: Callable[[], int]) -> Reply:
        events = _events(service, token, body)
        left()
        return service.purchases.answer(service.engine.serving.view, Asked(events, body.items, body.moment(_now())))

    reply = await in_turn(request, service, work)
    service.metrics.reply("purchase", reply.stage_answered, reply.cache, reply.stages)
    return Response(reply.body, media_type="application/json", headers=timings(reply))


def _events(service: Service, token: str | None, body: PurchaseIn) -> list[Event]:
    """Raises ProblemError: 401 for a token that names nobody, 422 for a user and a history at once."""
    if token is None:
        return body.events()
    user = service.user_known(token)
    if body.history:
        raise ProblemError(422, "invalid-request", "give a history, or the token of a user: not both")
    if user is None or not service.store.consent(user).personalise:
        return []
    deletions = Deletions.of(service.store.deleted_tags(user))
    return events_without(service.store.events_of(user), deletions, service.engine.serving.view)


def _now() -> datetime:
    return datetime.now(UTC)
