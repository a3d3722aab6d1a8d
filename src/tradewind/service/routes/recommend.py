"""GET and POST /v1/recommend/{surface}."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tradewind.engine.reply import Reply
from tradewind.service.access import MaybeUser, Searching
from tradewind.service.answering import answer
from tradewind.service.assembly import Service
from tradewind.service.json_route import StrictRoute
from tradewind.service.parameters import as_body, described, query_of
from tradewind.service.schemas.recommend import RecommendBody, RecommendParameters, Surface
from tradewind.service.schemas.replies import RecommendAnswer

router = APIRouter(route_class=StrictRoute, tags=["recommend"])


Asked = Annotated[RecommendParameters, Depends(query_of(RecommendParameters))]


@router.get(
    "/v1/recommend/{surface}",
    responses={200: {"model": RecommendAnswer}},
    openapi_extra=described(RecommendParameters),
)
async def recommend_by_address(
    request: Request,
    service: Searching,
    token: MaybeUser,
    surface: Surface,
    parameters: Asked,
) -> Response:
    """Recommends items: to a person, beside an item, or to everybody."""
    return await _recommend(request, service, token, surface, as_body(parameters.body))


@router.post("/v1/recommend/{surface}", responses={200: {"model": RecommendAnswer}})
async def recommend(
    request: Request, service: Searching, token: MaybeUser, surface: Surface, body: RecommendBody
) -> Response:
    """Recommends items: to a person, beside an item, or to everybody."""
    return await _recommend(request, service, token, surface, body)


async def _recommend(
    request: Request, service: Service, token: str | None, surface: Surface, body: RecommendBody
) -> Response:
    def ask(user: str | None, left: int) -> Reply:
        return service.engine.recommend(replace(body.request(surface, left), user=user))

    return await answer(request, service, surface, token, ask)
