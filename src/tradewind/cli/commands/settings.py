"""`tradewind settings`: every setting of shop.yaml."""

from __future__ import annotations

from tradewind.cli.app import app
from tradewind.flows.settings_reference import settings_page


@app.command()
def settings() -> None:
    """Print every setting of shop.yaml with its default, as Markdown."""
    print(settings_page(), end="")
