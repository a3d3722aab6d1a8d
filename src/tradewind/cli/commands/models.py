"""`tradewind models`: what the registry holds, and which version serves."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from tradewind.cli.app import app, print_json
from tradewind.flows import models as registry
from tradewind.settings import load_shop

group = typer.Typer(no_args_is_help=True, help="List, show, verify, promote and roll back models and generations.")
app.add_typer(group, name="models")

SHOP = typer.Option(Path(), "--shop", help="The shop's folder.")
NAME = typer.Argument(..., help="KIND/NAME or KIND/NAME/VERSION, for example generation/shop.")
JSON = typer.Option(False, "--json", help="Print JSON.")


@group.command("list")
def list_models(shop: Path = SHOP, json: bool = JSON) -> None:
    """List every version, oldest first, and mark what serves."""
    rows = registry.list_versions(load_shop(shop))
    if json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("", "artefact", "created", "MB", "parents"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        size = f"{row['size'] / 1e6:.1f}"
        table.add_row("→" if row["serves"] else "", row["artefact"], row["created"], size, " ".join(row["parents"]))
    Console().print(table)


@group.command()
def show(name: str = NAME, shop: Path = SHOP) -> None:
    """Print a version's manifest; without a version, of the one that serves or is newest."""
    print_json(registry.manifest_of(load_shop(shop), name))


@group.command()
def verify(name: str = NAME, shop: Path = SHOP) -> None:
    """Check the signature and every file of a version and of all it was made from."""
    for checked in registry.verify(load_shop(shop), name):
        print(f"ok  {checked}")


@group.command()
def promote(name: str = NAME, shop: Path = SHOP) -> None:
    """Let this version serve: one pointer moves, and running servers follow."""
    print(f"serving {registry.promote_version(load_shop(shop), name)}")


@group.command("rollback")
def roll_back(name: str = NAME, shop: Path = SHOP) -> None:
    """Let the version before serve again."""
    print(f"serving {registry.roll_back(load_shop(shop), name)}")
