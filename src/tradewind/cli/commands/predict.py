"""`tradewind predict NAME TEXT…`: what an estimator of the shop's own says of texts."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app, print_json


@app.command()
def predict(
    name: str = typer.Argument(..., help="An estimator of `learn.estimators` in shop.yaml."),
    texts: list[str] = typer.Argument(..., help="The texts."),
    shop: Path = typer.Option(Path(), help="The shop's folder."),
    k: int = typer.Option(1, help="How many choices of each.", min=1, max=100),
    json: bool = typer.Option(False, "--json", help="Print the answers as the HTTP reply's body has them."),
) -> None:
    """Ask an estimator that `tradewind train NAME` has learned."""
    from tradewind.cli.results import print_predictions
    from tradewind.engine.estimators import open_estimator
    from tradewind.settings import load_shop

    found = open_estimator(load_shop(shop), name)
    answers = found.predict(texts, k)
    if json:
        print_json({"estimator": name, "version": found.version, "predictions": answers})
        return
    print_predictions(texts, answers)
