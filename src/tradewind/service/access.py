"""Who asks, and may they: the API key's scope, and the token that may name a user."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
from fastapi.security.base import SecurityBase

from tradewind.service.assembly import Service, service_of
from tradewind.service.context import context_of
from tradewind.service.keys import Scope
from tradewind.service.problems import ProblemError

_USER_TEXT: Final = (
    "A JWT signed by the shop's backend (EdDSA or HS256) with sub, aud, iat, exp and kid; an hour at most."
)


class Requires(SecurityBase):
    """Lets a request through when its key has `scope`; the key comes as a bearer or as X-Api-Key."""

    def __init__(self, scope: Scope) -> None:
        self.model = HTTPBearer(description="An API key `tw_<id>_<secret>`; the header X-Api-Key is taken as well.")
        self.scheme_name = "ApiKey"
        self._scope = scope

    async def __call__(self, request: Request) -> Service:
        """Returns the service. Raises ProblemError: 401 without a known key, 403 without the scope, 429 too often."""
        service = service_of(request)
        key = service.keys.find(_key_text(request))
        if key is None:
            detail = "this needs an API key that the shop knows"
            raise ProblemError(401, "unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})
        if self._scope not in key.scopes:
            raise ProblemError(403, "scope-missing", f"this key has not the scope {self._scope!r}")
        service.limits.take(key)
        context_of(request.scope).key_id = key.id
        return service


class UserToken(SecurityBase):
    """Hands on the token that names a user; whoever uses it verifies it."""

    def __init__(self, *, required: bool) -> None:
        self.model = APIKey(**{"in": APIKeyIn.header}, name="X-User-Token", description=_USER_TEXT)
        self.scheme_name = "UserToken"
        self._required = required

    async def __call__(self, request: Request) -> str | None:
        """Returns the token, or None for somebody anonymous. Raises ProblemError (401) where there must be one."""
        token = request.headers.get("x-user-token") or None
        if self._required and token is None:
            raise ProblemError(401, "user-token-missing", "this needs a user token, signed by the shop's backend")
        return token


def _key_text(request: Request) -> str:
    given = request.headers.get("x-api-key")
    if given:
        return given
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else ""


Searching = Annotated[Service, Depends(Requires("search"))]
Listening = Annotated[Service, Depends(Requires("events"))]
Batching = Annotated[Service, Depends(Requires("jobs"))]
Keeping = Annotated[Service, Depends(Requires("admin"))]
MaybeUser = Annotated[str | None, Depends(UserToken(required=False))]
NamedUser = Annotated[str, Depends(UserToken(required=True))]
