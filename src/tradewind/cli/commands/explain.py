"""`tradewind explain NAME TEXT`: which words an estimator's answer hangs on."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app, print_json
from tradewind.errors import RequestError


@app.command()
def explain(
    name: str = typer.Argument(..., help="An estimator of `learn.estimators` in shop.yaml."),
    text: str = typer.Argument(..., help="The text."),
    shop: Path = typer.Option(Path(), help="The shop's folder."),
    target: str | None = typer.Option(None, help="The label to explain; left out, the likeliest."),
    method: str = typer.Option("occlusion", help="occlusion, or gradients (needs the learn extra and the checkpoint)."),
    out: Path | None = typer.Option(None, help="Write a page there."),
    json: bool = typer.Option(False, "--json", help="Print it as JSON."),
) -> None:
    """Say which words of a text speak for an answer, and which against it."""
    from tradewind.cli.explained import print_explanation
    from tradewind.flows.explaining import explain as explained
    from tradewind.settings import load_shop

    found = explained(load_shop(shop), name, text, method=method, target=target)
    if out:
        _write(out, found.as_html())
    if json:
        print_json(found.as_json())
        return
    print_explanation(found)


def _write(out: Path, page: str) -> None:
    try:
        out.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise RequestError(f"the page cannot be written: {error.strerror}", where=str(out)) from None
