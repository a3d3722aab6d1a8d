"""`tradewind init DIR`: a first shop.yaml."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app
from tradewind.flows.init import init_shop


@app.command()
def init(folder: Path = typer.Argument(..., help="The folder of your tables; made if it is not there.")) -> None:
    """Write a commented shop.yaml for your own tables."""
    target = init_shop(folder)
    print(f"wrote {target}")
    print(f"look through it, then: tradewind up {folder}")
