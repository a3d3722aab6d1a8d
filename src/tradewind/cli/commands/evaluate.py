"""`tradewind evaluate DIR`: every figure beside its baselines."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app, print_json
from tradewind.settings import load_shop


@app.command()
def evaluate(
    shop: Path = typer.Argument(..., help="The shop's folder, built with `tradewind up`."),
    json: bool = typer.Option(False, "--json", help="Print one claim object for each figure."),
) -> None:
    """Measure what serves against random, popularity, BM25 and the untuned model, on data kept apart."""
    from tradewind.cli.reporter import bar
    from tradewind.flows.evaluation import evaluate as measure

    with bar("evaluate") as progress:
        found = measure(load_shop(shop), progress)
    if json:
        print_json(found.claims)
    else:
        print(found.as_text())
