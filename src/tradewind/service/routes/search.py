"""GET and POST /v1/search."""

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
from tradewind.service.schemas.replies import SearchAnswer
from tradewind.service.schemas.search import SearchBody, SearchParameters

router = APIRouter(route_class=StrictRoute, tags=["search"])


Asked = Annotated[SearchParameters, Depends(query_of(SearchParameters))]


@router.get("/v1/search", responses={200: {"model": SearchAnswer}}, openapi_extra=described(SearchParameters))
async def search_by_address(request: Request, service: Searching, token: MaybeUser, parameters: Asked) -> Response:
    """Searches the catalogue."""
    return await _search(request, service, token, as_body(parameters.body))


@router.post("/v1/search", responses={200: {"model": SearchAnswer}})
async def search(request: Request, service: Searching, token: MaybeUser, body: SearchBody) -> Response:
    """Searches the catalogue."""
    return await _search(request, service, token, body)


async def _search(request: Request, service: Service, token: str | None, body: SearchBody) -> Response:
    def ask(user: str | None, left: int) -> Reply:
        return service.engine.search(replace(body.request(left), user=user))

    return await answer(request, service, "search", token, ask)
