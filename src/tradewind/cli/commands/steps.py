"""`ingest`, `train`, `compress`, `index`: one step of `up`, done again though nothing changed."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app
from tradewind.cli.compressed import compress_again
from tradewind.cli.reporter import TerminalReporter, bar
from tradewind.cli.results import print_learned
from tradewind.errors import RequestError
from tradewind.flows.estimators import learn_estimator
from tradewind.flows.predicted import learn_attribute
from tradewind.flows.purchases import learn_purchases
from tradewind.flows.rates import find_rate
from tradewind.flows.up import build_shop
from tradewind.flows.writers import learn_to_write
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
def train(
    task: str = typer.Argument(..., help="match, classify, next_item, purchase, describe, or an own name."),
    shop: Path = SHOP,
    find: bool = typer.Option(False, "--find-rate", help="Only say which learning rates an estimator's run can take."),
    ablate: bool = typer.Option(False, "--ablate", help="Also measure what each part of `knowledge` is worth."),
) -> None:
    """Train one task again, with what it needs before it; or one of the shop's own `learn.estimators` or
    `learn.predicted`."""
    if task in TASKS and not (find or ablate):
        _again(shop, task)
        return
    if task == "describe" and not (find or ablate):
        with TerminalReporter() as reporter:
            writer = learn_to_write(opened := load_shop(shop), reporter.alone("Learn how the shop writes"))
        print(writer.text(opened.root))
        return
    if task == "purchase" and not (find or ablate):
        with TerminalReporter() as reporter:
            learned_purchases = learn_purchases(load_shop(shop), reporter.alone("Learn who buys what"))
        print(learned_purchases.text())
        return
    opened = load_shop(shop)
    own, predicted = sorted(opened.settings.learn.estimators), sorted(opened.settings.learn.predicted)
    if task in predicted and not (find or ablate):
        with TerminalReporter() as reporter:
            guessing = learn_attribute(opened, task, reporter.alone(f"Learn to guess {task}"))
        print(guessing.text())
        return
    if task not in own:
        known = own if find or ablate else [*TASKS, "purchase", "describe", *own, *predicted]
        raise RequestError(
            f"there is no {'estimator' if find or ablate else 'task'} {task!r}",
            hint=f"there are {', '.join(known) or 'none'}",
        )
    if find:
        with bar(f"Test the rates of {task}") as progress:
            found = find_rate(opened, task, progress)
        print(f"{found.curve.as_text()}\nreport: {found.report}")
        return
    with TerminalReporter() as reporter:
        learned = learn_estimator(opened, task, reporter.alone(f"Learn {task}"), ablate=ablate)
    print_learned(learned)


@app.command()
def compress(
    shop: Path = SHOP,
    target: str | None = typer.Option(None, help="At most this time for one short text on one thread: 3ms."),
    size: str | None = typer.Option(None, help="At most so much on disk: 20MB."),
    quality: float | None = typer.Option(None, help="At least this share of what the original finds: 0.98."),
    minutes: float | None = typer.Option(None, help="How long the search may go on making candidates."),
    json: bool = typer.Option(False, "--json", help="Print every point that was measured as JSON."),
) -> None:
    """Compress the encoder again and hold it against its original; with a limit, search for the best within it."""
    compress_again(load_shop(shop), {"target": target, "size": size, "quality": quality, "minutes": minutes}, json)


@app.command()
def index(shop: Path = SHOP) -> None:
    """Index the catalogue again and publish the generation."""
    _again(shop, "index", until="generation")
