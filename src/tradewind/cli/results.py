"""Prints results as a table for a person."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def print_results(body: dict[str, Any]) -> None:
    """Prints the results of a search or a recommendation, one row each."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "id", "title", "category", "price", "why"):
        table.add_column(heading, overflow="fold")
    for rank, result in enumerate(body["results"], 1):
        table.add_row(str(rank), *_cells(result))
    Console().print(table)
    if "total" in body:
        print(f"{body['total']} found; generation {body['generation']}, delta {body['delta']}")


def _cells(result: dict[str, Any]) -> list[str]:
    price = result.get("price")
    shown = "" if price is None else f"{price:.2f} {result.get('currency') or ''}".strip()
    why = ", ".join(reason["code"].replace("_", " ") for reason in result.get("why") or [])
    return [result["id"], result["title"], " > ".join(result.get("category") or []), shown, why]
