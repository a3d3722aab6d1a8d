"""`tradewind search QUERY`: the shop's answer, as the HTTP API would give it."""

from __future__ import annotations

from pathlib import Path

import orjson
import typer

from tradewind.cli.app import app, print_json
from tradewind.cli.results import print_results


@app.command()
def search(
    query: str = typer.Argument(..., help="What a shopper would type."),
    shop: Path = typer.Option(Path(), help="The shop's folder."),
    k: int = typer.Option(10, help="How many results.", min=1, max=100),
    filter: list[str] = typer.Option([], help="field:value, as often as wanted."),
    json: bool = typer.Option(False, "--json", help="Print the body of the HTTP reply."),
) -> None:
    """Search the shop's catalogue."""
    from tradewind.cli.filters import parse_filters
    from tradewind.engine.composition import open_engine
    from tradewind.engine.requests import SearchRequest
    from tradewind.flows.serving import require_built
    from tradewind.settings import load_shop

    opened = load_shop(shop)
    require_built(opened)
    engine = open_engine(opened)
    try:
        reply = engine.search(SearchRequest(query=query, k=k, filters=parse_filters(filter), explain=True))
    finally:
        engine.close()
    body = orjson.loads(reply.body)
    print_json(body) if json else print_results(body)
