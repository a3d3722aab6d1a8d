"""`tradewind recommend SURFACE`: similar, bought-together, for-you, next-basket, trending, recent."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import orjson
import typer

from tradewind.cli.app import app, print_json
from tradewind.cli.results import print_results
from tradewind.errors import NotFoundError
from tradewind.settings import Shop, load_shop


def _pseudonym(shop: Shop, user: str | None) -> str | None:
    """Returns the pseudonym of the shop's own user id. Raises NotFoundError for a user nobody knows."""
    from tradewind.data.store import open_store

    if user is None:
        return None
    found = open_store(shop).pseudonym(user, create=False)
    if found is None:
        raise NotFoundError("there is no such user", where="--user", hint="give the shop's own id of a user in the log")
    return found


@app.command()
def recommend(
    surface: str = typer.Argument(..., help="similar, bought-together, for-you, next-basket, trending or recent."),
    shop: Path = typer.Option(Path(), help="The shop's folder."),
    item: str | None = typer.Option(None, help="The item that similar and bought-together start from."),
    user: str | None = typer.Option(None, help="The shop's own id of the user, for for-you, next-basket and recent."),
    k: int = typer.Option(10, help="How many results.", min=1, max=100),
    filter: list[str] = typer.Option([], help="field:value, as often as wanted."),
    json: bool = typer.Option(False, "--json", help="Print the body of the HTTP reply."),
) -> None:
    """Recommend items."""
    from tradewind.cli.filters import parse_filters
    from tradewind.engine.composition import open_engine
    from tradewind.engine.requests import RecommendRequest, Surface
    from tradewind.flows.serving import require_built

    opened = load_shop(shop)
    require_built(opened)
    request = RecommendRequest(
        surface=cast(Surface, surface),
        k=k,
        item=item,
        user=_pseudonym(opened, user),
        filters=parse_filters(filter),
        explain=True,
    )
    engine = open_engine(opened)
    try:
        reply = engine.recommend(request)
    finally:
        engine.close()
    body = orjson.loads(reply.body)
    print_json(body) if json else print_results(body)
