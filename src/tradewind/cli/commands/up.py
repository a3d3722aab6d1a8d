"""`tradewind up DIR`: from tables to a shop that answers; goes on where it stopped."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import typer

from tradewind.cli.app import app, print_json
from tradewind.cli.reporter import SilentReporter, TerminalReporter
from tradewind.flows.step import Context
from tradewind.flows.up import build_shop
from tradewind.settings import Shop, load_shop


@app.command()
def up(
    shop: Path = typer.Argument(..., help="The folder that holds shop.yaml."),
    no_serve: bool = typer.Option(False, "--no-serve", help="End when everything is built."),
    again: str | None = typer.Option(None, metavar="STEP", help="Do this step again, though nothing changed."),
    until: str | None = typer.Option(None, metavar="STEP", help="End after this step."),
    host: str | None = typer.Option(None, help="The address to listen on; by default what shop.yaml says."),
    port: int | None = typer.Option(None, help="The port to serve on; by default what shop.yaml says."),
    workers: int | None = typer.Option(None, help="Worker processes that answer."),
    json: bool = typer.Option(False, "--json", help="Print what each step left as JSON; serves nothing."),
) -> None:
    """Ingest, learn, compress, index and serve; resumes where it stopped, and does no work twice."""
    from tradewind.flows.serving import check_port, serve_shop

    opened = load_shop(shop)
    serving = not (no_serve or until or json)
    if serving:
        check_port(opened, host, port)
    context = _build(opened, again, until, silent=json)
    if json:
        print_json(context.outputs)
    elif serving:
        serve_shop(opened, partial(typer.echo, err=True), host=host, port=port, workers=workers)


def _build(shop: Shop, again: str | None, until: str | None, *, silent: bool) -> Context:
    if silent:
        return build_shop(shop, SilentReporter(), again=again, until=until)
    with TerminalReporter() as reporter:
        return build_shop(shop, reporter, again=again, until=until)
