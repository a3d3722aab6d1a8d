"""/v1/users/me: profile and its tags, consent, export; a person, about themselves."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import StringConstraints

from tradewind.service import profiles
from tradewind.service.access import NamedUser, Searching
from tradewind.service.answering import beside
from tradewind.service.assembly import Service
from tradewind.service.json_route import StrictRoute
from tradewind.service.schemas.users import Consent, ConsentIn, ProfileAnswer
from tradewind.service.schemas.words import STORABLE

router = APIRouter(route_class=StrictRoute, prefix="/v1/users/me", tags=["users"])
TagId = Annotated[str, StringConstraints(min_length=1, max_length=600), STORABLE, Path()]


@router.get("/profile", response_model=ProfileAnswer)
async def profile(service: Searching, token: NamedUser) -> Response:
    """Shows what is concluded from the caller's events."""
    found = await beside(service, lambda: profiles.profile_answer(service, service.user_known(token)))
    return Response(found.model_dump_json(), media_type="application/json")


@router.delete("/profile/tags/{tag:path}", status_code=204, response_class=Response)
async def delete_tag(service: Searching, token: NamedUser, tag: TagId) -> Response:
    """Takes a tag of the caller's profile back: it is not concluded again, and no answer uses what it rested on."""
    await beside(service, lambda: profiles.delete_tag(service, service.user_known(token), tag))
    return Response(status_code=204)


@router.put("/profile/tags/{tag:path}", status_code=204, response_class=Response)
async def restore_tag(service: Searching, token: NamedUser, tag: TagId) -> Response:
    """Lets a tag that the caller took back be concluded again."""
    await beside(service, lambda: profiles.restore_tag(service, service.user_known(token), tag))
    return Response(status_code=204)


@router.get("/consent", response_model=Consent)
async def consent(service: Searching, token: NamedUser) -> Response:
    """Shows the personalisation switch."""
    found = await beside(service, lambda: _consent(service, service.user_known(token)))
    return Response(found.model_dump_json(), media_type="application/json")


@router.put("/consent", response_model=Consent)
async def set_consent(service: Searching, token: NamedUser, body: ConsentIn) -> Response:
    """Moves the personalisation switch; every worker follows with its next answer."""

    def move() -> Consent:
        user = service.store.set_consent(service.user_remembered(token), body.personalise)
        return Consent(personalise=user.personalise, version=user.consent_version)

    found = await beside(service, move)
    return Response(found.model_dump_json(), media_type="application/json")


@router.get("/export", response_model=dict[str, Any])
async def export(service: Searching, token: NamedUser) -> Response:
    """Hands out everything that is held about the caller."""

    def collect() -> bytes:
        user = service.user_known(token)
        return orjson.dumps(service.store.export_user(user) if user else {}, option=orjson.OPT_SORT_KEYS)

    body = await beside(service, collect)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"'}
    return Response(body, media_type="application/json", headers=headers)


def _consent(service: Service, user: str | None) -> Consent:
    """Somebody of whom nothing is known has not moved the switch yet."""
    if user is None:
        return Consent(personalise=True, version=0)
    found = service.store.consent(user)
    return Consent(personalise=found.personalise, version=found.consent_version)
