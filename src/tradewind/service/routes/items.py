"""GET, PUT, PATCH and DELETE /v1/items/{item_id}, and POST /v1/items for many at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from tradewind.engine.reply import Reply
from tradewind.service import catalogue
from tradewind.service.access import Keeping, Searching
from tradewind.service.answering import answer, beside
from tradewind.service.json_route import StrictRoute
from tradewind.service.problems import ProblemError
from tradewind.service.schemas.items import Changed, ItemBatch, ItemIn, ItemPatch
from tradewind.service.schemas.replies import OneItem
from tradewind.service.schemas.words import ItemId

router = APIRouter(route_class=StrictRoute, prefix="/v1/items", tags=["items"])
Id = Annotated[ItemId, Path()]


@router.get("/{item_id:path}", responses={200: {"model": OneItem}})
async def show(request: Request, service: Searching, item_id: Id) -> Response:
    """Shows one item."""

    def ask(_user: str | None, _left: int) -> Reply:
        return service.engine.item(item_id)

    return await answer(request, service, "item", None, ask)


@router.put("/{item_id:path}", response_model=Changed)
async def put(service: Keeping, item_id: Id, body: ItemIn) -> Response:
    """Puts an item, new or in place of the one that was there."""
    delta = await beside(service, lambda: catalogue.change(service, [body.item(item_id)], []))
    return _changed(delta, upserted=1)


@router.patch("/{item_id:path}", response_model=Changed)
async def patch(service: Keeping, item_id: Id, body: ItemPatch) -> Response:
    """Changes the given fields of an item."""

    delta = await beside(service, lambda: catalogue.patch(service, item_id, body.changes()))
    return _changed(delta, upserted=1)


@router.delete("/{item_id:path}", response_model=Changed)
async def delete(service: Keeping, item_id: Id) -> Response:
    """Takes an item away."""

    return _changed(await beside(service, lambda: catalogue.remove(service, item_id)), removed=1)


@router.post("", response_model=Changed)
async def batch(service: Keeping, body: ItemBatch) -> Response:
    """Puts and takes away many items in one change; taking away one that is not there is no error."""
    ids = [one.id for one in body.upserts] + body.removals
    if len(ids) != len(set(ids)):
        raise ProblemError(422, "invalid-request", "an item may stand once in a batch")
    upserts = [one.item(one.id) for one in body.upserts]
    delta = await beside(service, lambda: catalogue.change(service, upserts, body.removals))
    return _changed(delta, upserted=len(upserts), removed=len(body.removals))


def _changed(delta: int, *, upserted: int = 0, removed: int = 0) -> Response:
    body = Changed(delta=delta, upserted=upserted, removed=removed).model_dump_json()
    return Response(body, media_type="application/json", headers={"X-Delta": str(delta)})
