"""`ingest`, `train`, `compress`, `index`: one step of `up`, done again though nothing changed."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app
from tradewind.cli.reporter import TerminalReporter
from tradewind.errors import RequestError
from tradewind.flows.up import build_shop
from tradewind.settings import load_shop

SHOP = typer.Argument(..., help="The shop's folder.")
TASKS = ("match", "classify", "next_item")


def _again(shop: Path, step: str, until: str | None = None) -> None:
    with TerminalReporter() as reporter:
        build_shop(load_shop(shop), reporter, again=step, until=until or step)


@app.command()
def ingest(shop: Path = SHOP) -> None:
    """Read the shop's tables again and make a snapshot."""
    _again(shop, "ingest")


@app.command()
def train(task: str = typer.Argument(..., help="match, classify or next_item."), shop: Path = SHOP) -> None:
    """Train one task again, with what it needs before it."""
    if task not in TASKS:
        raise RequestError(f"there is no task {task!r}", hint=f"the tasks are {', '.join(TASKS)}")
    _again(shop, task)


@app.command()
def compress(shop: Path = SHOP) -> None:
    """Compress the encoder again and hold it against its original."""
    _again(shop, "compress")


@app.command()
def index(shop: Path = SHOP) -> None:
    """Index the catalogue again and publish the generation."""
    _again(shop, "index", until="generation")
