"""/demo/*: the household chooser. These routes exist in demo mode only, and answer this machine only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from tradewind.service.answering import beside
from tradewind.service.assembly import Service, service_of
from tradewind.service.demo import Demo
from tradewind.service.json_route import StrictRoute
from tradewind.service.loopback import is_loopback
from tradewind.service.problems import ProblemError
from tradewind.service.schemas.words import Text, Wire

router = APIRouter(route_class=StrictRoute, prefix="/demo", tags=["demo"])


class HouseholdAnswer(BaseModel):
    """A household that can be chosen."""

    model_config = ConfigDict(extra="forbid")

    id: str
    label: str


class TokenIn(Wire):
    """The household to act for."""

    household: Text


class TokenAnswer(BaseModel):
    """A user token for that household."""

    token: str


class KeyAnswer(BaseModel):
    """A browser's key: search and events. `notice` is what the data's makers want said beside it."""

    key: str
    notice: str | None


async def _here(request: Request) -> Service:
    """Refuses whoever came from elsewhere, or by a name that a stranger's page could have pointed at this machine."""
    service = service_of(request)
    host = request.headers.get("host", "")
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if service.demo is None or not is_loopback(name) or not request.client or not is_loopback(request.client.host):
        raise ProblemError(403, "demo-only-here", "the demo answers on this machine only")
    return service


Here = Annotated[Service, Depends(_here)]


def _demo(service: Service) -> Demo:
    if service.demo is None:
        raise ProblemError(404, "not-found", "there is nothing at this path")
    return service.demo


@router.get("/households")
async def households(service: Here) -> list[HouseholdAnswer]:
    """Lists the households that can be chosen."""
    found = await beside(service, _demo(service).households)
    return [HouseholdAnswer(id=one.id, label=one.label) for one in found]


@router.post("/token")
async def token(service: Here, body: TokenIn) -> TokenAnswer:
    """Signs a user token for a household."""
    return TokenAnswer(token=await beside(service, lambda: _demo(service).token(body.household)))


@router.get("/key")
async def key(service: Here) -> KeyAnswer:
    """Hands out the storefront's key."""
    return KeyAnswer(key=_demo(service).access.browser_key, notice=service.shop.settings.notice)
