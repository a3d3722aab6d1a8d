"""The storefront's files, served beside the API: no build step, and nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC: Final = Path(__file__).parent / "static"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' https: data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Scripts come from this server only; pictures may come from the shop's own servers."""


class Files(StaticFiles):
    """Static files that a browser asks about again each time, so that a new release is seen at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def index(_: object) -> Response:
    """Returns the storefront's one page."""
    return FileResponse(STATIC / "index.html", headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})


def console_routes() -> list[BaseRoute]:
    """Returns the routes of the storefront: its page at `/`, its files under `/static`."""
    return [Route("/", index, name="storefront"), Mount("/static", Files(directory=STATIC), name="static")]
