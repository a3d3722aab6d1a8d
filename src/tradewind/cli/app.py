"""Assembles the commands and turns every error on purpose into one readable message."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

import typer

from tradewind import __version__
from tradewind.errors import TradewindError

app = typer.Typer(
    name="tradewind",
    help="Search and recommendation learned from a shop's own catalogue and behaviour log.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tradewind {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Say the version."),
) -> None:
    """Search and recommendation learned from a shop's own catalogue and behaviour log."""


def print_json(value: Any) -> None:
    """Prints one JSON value on standard output, for scripts."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def fail(error: TradewindError) -> NoReturn:
    """Prints what is wrong, where, and what to do; leaves with 2."""
    print(f"error: {error.where + ': ' if error.where else ''}{error.what}", file=sys.stderr)
    if error.hint:
        print(f"  → {error.hint}", file=sys.stderr)
    raise SystemExit(2)


def main() -> None:
    """The entry point `tradewind`."""
    from tradewind.cli import commands  # noqa: F401  (registers the commands; late, so that --version is quick)

    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        app()
    except TradewindError as error:
        fail(error)
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None
