"""POST /v1/predict/{estimator}."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from tradewind.engine.reply import Reply
from tradewind.service.access import Searching
from tradewind.service.answering import in_turn, timings
from tradewind.service.json_route import StrictRoute
from tradewind.service.schemas.predict import EstimatorName, PredictIn, Predictions

router = APIRouter(route_class=StrictRoute, tags=["predict"])
Name = Annotated[EstimatorName, Path()]


@router.post("/v1/predict/{estimator}", response_model=Predictions)
async def predict(request: Request, service: Searching, estimator: Name, body: PredictIn) -> Response:
    """Answers texts, queries with texts, or pictures with an estimator of the shop's own; none depends on others."""

    def work(left: Callable[[], int]) -> Reply:
        return service.estimators.predict(estimator, body.inputs(), body.k, left)

    reply = await in_turn(request, service, work)
    service.metrics.reply("predict", reply.stage_answered, reply.cache, reply.stages)
    return Response(reply.body, media_type="application/json", headers=timings(reply))
