"""`tradewind doctor`: what this machine has and lacks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import typer

from tradewind.cli.app import app, print_json
from tradewind.flows.doctor import examine

MARKS = {"ok": "ok     ", "warn": "warning", "missing": "missing"}


@app.command()
def doctor(
    port: int = typer.Option(8420, help="The port that `serve` would take."),
    json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Say what this machine has and lacks, each line with what to do."""
    findings = list(examine(port, Path.cwd()))
    if json:
        print_json([asdict(finding) for finding in findings])
        return
    for finding in findings:
        print(f"{MARKS[finding.state]}  {finding.name}: {finding.detail}")
        if finding.remedy:
            print(f"         → {finding.remedy}")
