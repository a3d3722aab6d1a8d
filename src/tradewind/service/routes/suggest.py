"""GET /v1/suggest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from tradewind.engine.reply import Reply
from tradewind.service.access import Searching
from tradewind.service.answering import answer
from tradewind.service.parameters import described, query_of
from tradewind.service.schemas.replies import SuggestAnswer
from tradewind.service.schemas.search import SuggestParameters

router = APIRouter(tags=["search"])


Asked = Annotated[SuggestParameters, Depends(query_of(SuggestParameters))]


@router.get("/v1/suggest", responses={200: {"model": SuggestAnswer}}, openapi_extra=described(SuggestParameters))
async def suggest(request: Request, service: Searching, parameters: Asked) -> Response:
    """Completes what is being typed."""

    def ask(_user: str | None, _left: int) -> Reply:
        return service.engine.suggest(parameters.q, parameters.k)

    return await answer(request, service, "suggest", None, ask)
