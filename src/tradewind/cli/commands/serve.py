"""`tradewind serve`: the HTTP API and the storefront over the shop's current generation."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

from tradewind.cli.app import app
from tradewind.settings import load_shop


@app.command()
def serve(
    shop: Path = typer.Argument(..., help="The shop's folder."),
    host: str | None = typer.Option(None, help="The address to listen on; by default what shop.yaml says."),
    port: int | None = typer.Option(None, help="The port to listen on; by default what shop.yaml says."),
    workers: int | None = typer.Option(None, help="Worker processes."),
) -> None:
    """Serve the shop in the foreground until Ctrl-C."""
    from tradewind.flows.serving import serve_shop

    serve_shop(load_shop(shop), partial(typer.echo, err=True), host=host, port=port, workers=workers)
