"""`tradewind tune NAME`: better settings for an estimator, within a budget."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app
from tradewind.cli.reporter import bar
from tradewind.flows.tuning import tune_estimator
from tradewind.settings import load_shop


@app.command()
def tune(
    name: str = typer.Argument(..., help="An estimator's name."),
    shop: Path = typer.Argument(..., help="The shop's folder."),
    minutes: float = typer.Option(10.0, help="How long this call may try; the first trial is always learned whole."),
    trials: int = typer.Option(40, help="How many trials in all, those of earlier calls among them."),
) -> None:
    """Search the settings of one of the shop's own `learn.estimators`, and measure them once beside the defaults."""
    with bar(f"Tune {name}") as progress:
        tuned = tune_estimator(load_shop(shop), name, minutes, trials, progress)
    print(tuned.table.as_text())
    print(f"\n{tuned.block}")
    print(f"report: {tuned.report}")
