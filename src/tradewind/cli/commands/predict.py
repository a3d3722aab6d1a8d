"""`tradewind predict NAME TEXT…`, or `--file` for many: what an estimator says of texts, or of pictures' files."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tradewind.cli.app import app, print_json

if TYPE_CHECKING:
    from tradewind.engine.estimators import Input, OpenEstimator


@app.command()
def predict(
    name: str = typer.Argument(..., help="An estimator of `learn.estimators` in shop.yaml."),
    texts: list[str] = typer.Argument(None, help="The texts, or for an estimator that reads them pictures' files."),
    shop: Path = typer.Option(Path(), help="The shop's folder."),
    query: str | None = typer.Option(None, help="For an estimator that ranks: what the texts are put in order for."),
    k: int = typer.Option(1, help="How many choices of each.", min=1, max=100),
    file: Path | None = typer.Option(None, help='JSON Lines in place of texts: "a text" or {"text": "a text"} a line.'),
    out: Path | None = typer.Option(None, help="Where the answers of --file go; left out, to standard output."),
    json: bool = typer.Option(False, "--json", help="Print the answers as the HTTP reply's body has them."),
) -> None:
    """Ask an estimator that `tradewind train NAME` has learned."""
    from tradewind.cli.results import print_predictions
    from tradewind.engine.estimators import open_estimator
    from tradewind.errors import ConfigError
    from tradewind.runtime.pictures import GivenPicture
    from tradewind.settings import load_shop
    from tradewind.tasks.rank.ranking import Candidates

    if bool(texts) == bool(file) or (out and not file) or (query is not None and file):
        raise ConfigError("give either texts or --file, and --out with --file alone")
    found = open_estimator(load_shop(shop), name)
    if file:
        _predict_file(found, file, out, k, json)
        return
    if query is not None:
        inputs: list[Input] = [Candidates(query, tuple(texts))]
    else:
        inputs = [GivenPicture(text, Path(text)) if found.takes is GivenPicture else text for text in texts]
    answers = found.predict(inputs, k)
    if json:
        print_json({"estimator": name, "version": found.version, "predictions": answers})
        return
    print_predictions(texts if query is None else [query], answers, texts)


def _predict_file(found: OpenEstimator, file: Path, out: Path | None, k: int, json: bool) -> None:
    """Answers into `out`, or onto standard output, and tells what became of the lines where the answers are not."""
    from dataclasses import asdict

    from tradewind.cli.reporter import bar
    from tradewind.flows.predicting import predict_file, predict_to
    from tradewind.telemetry import SilentProgress

    with nullcontext(SilentProgress()) if json else bar("predict") as progress:
        if out is None:
            done = predict_file(found, file, sys.stdout.buffer, k, progress)
        else:
            done = predict_to(found, file, out, k, progress)
    if json and out:
        print_json(asdict(done))
    else:
        print(done.text(), file=sys.stderr)
