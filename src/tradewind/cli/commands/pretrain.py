"""`tradewind pretrain DIR`: the encoder goes on learning the language of the shop's texts."""

from __future__ import annotations

from pathlib import Path

import typer

from tradewind.cli.app import app
from tradewind.cli.reporter import bar
from tradewind.flows.pretraining import pretrain_encoder
from tradewind.settings import load_shop


@app.command()
def pretrain(
    shop: Path = typer.Argument(..., help="The shop's folder."),
    out: Path | None = typer.Option(None, help="The folder to write; left out, .tradewind/pretrained of the shop."),
) -> None:
    """Go on with the encoder's pretraining on the shop's texts, and say how much better it foretells hidden words."""
    with bar("Pretrain") as progress:
        made = pretrain_encoder(load_shop(shop), out, progress)
    print(made.table.as_text())
    print(f'\nencoder: {{pretrained: "dir:{made.folder}"}}\n')
    print(f"report: {made.report}")
