"""What a run leaves behind."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Page, Table, fact


@dataclass(frozen=True, slots=True)
class TrainResult:
    """One run of one task.

    `folder` holds the tuned weights: a Hugging Face checkpoint, for classify with the head and its labels beside it.
    `tables` compare before, after and the baselines; `report` is the HTML page, `tensorboard` the folder of event
    files. `facts` say what made the run: seed, weights, snapshot, plan.
    """

    task: str
    folder: Path
    tables: tuple[Table, ...]
    claims: tuple[Claim, ...]
    report: Path
    tensorboard: Path
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, dict[str, float]]:
        """Every table's rows, by method; a method in several tables has the values of all."""
        merged: dict[str, dict[str, float]] = {}
        for table in self.tables:
            for name, values in table.as_json().items():
                merged.setdefault(name, {}).update(values)
        return merged

    def as_text(self) -> str:
        """Returns the tables as they are printed at the end of a run."""
        return "\n\n".join(table.as_text() for table in self.tables)


def write_report(
    folder: Path, task: str, tables: tuple[Table, ...], figures: tuple[str, ...], facts: Mapping[str, Any]
) -> Path:
    """Writes report.html and, for programs, report.json into `folder`; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    shown = {name: fact(value) for name, value in facts.items()}
    page = folder / "report.html"
    page.write_text(Page(f"What {task} learned", shown, tables, figures).as_html(), encoding="utf-8")
    told = {"task": task, "facts": dict(facts), "tables": {table.title: table.as_json() for table in tables}}
    (folder / "report.json").write_text(json.dumps(told, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return page
