"""`tradewind keys`: who may call the API."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app, print_json
from tradewind.service.keys import open_keys
from tradewind.settings import load_shop

group = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")
app.add_typer(group, name="keys")

SHOP = typer.Argument(..., help="The shop's folder.")


@group.command()
def create(
    shop: Path = SHOP,
    scope: list[str] = typer.Option(["search", "events"], help="search, events, jobs, admin; as often as wanted."),
    name: str = typer.Option("", help="What the key is for."),
) -> None:
    """Make a key. Its text is shown once and kept nowhere."""
    key, text = open_keys(load_shop(shop).keys).create(name, scope)
    print(text)
    print(f"key {key.id} with {', '.join(sorted(key.scopes))}; this is the only time its text is shown")


@group.command("list")
def list_keys(shop: Path = SHOP, json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """List the keys; their secrets are not known to anybody."""
    keys = open_keys(load_shop(shop).keys).list()
    rows = [
        {"id": key.id, "name": key.name, "scopes": sorted(key.scopes), "created": key.created.isoformat()}
        for key in keys
    ]
    if json:
        print_json(rows)
        return
    for row in rows:
        print(f"{row['id']}  {','.join(row['scopes'])}  {row['created']}  {row['name']}")


@group.command()
def revoke(key_id: str = typer.Argument(..., metavar="ID"), shop: Path = SHOP) -> None:
    """Take a key away; every server refuses it from the next request on."""
    open_keys(load_shop(shop).keys).revoke(key_id)
    print(f"key {key_id} is gone")
