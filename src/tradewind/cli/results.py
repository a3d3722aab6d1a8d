"""Prints results as a table for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tradewind.data.report import table_lines

if TYPE_CHECKING:
    from tradewind.flows.estimators import LearnedEstimator


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


def print_learned(learned: LearnedEstimator) -> None:
    """Prints what became of the table's rows, the figures beside the baselines, and the version that answers now."""
    print("\n".join(table_lines(learned.rows)))
    print(learned.result.as_text())
    print(f"published as {learned.artefact.kind}/{learned.artefact.name}/{learned.artefact.version}")
    print("\n".join(f"limit: {limit}" for limit in learned.card.limits))
    print(f"report: {learned.result.report}")


def print_predictions(texts: list[str], answers: list[dict[str, Any]], ordered: Sequence[str] = ()) -> None:
    """Prints one row a text: its choices with their probabilities or its entities, and what else the task says.

    For a query the rows are the `ordered` texts, the best first.
    """
    table = Table(box=None, pad_edge=False)
    for heading in ("text", "answer", "more"):
        table.add_column(heading, overflow="fold")
    for text, answer in zip(texts, answers, strict=True):
        if "order" in answer:
            for place in answer["order"]:
                table.add_row(_short(ordered[place]), f"{answer['scores'][place]:.4f}", "")
            continue
        more = ", ".join(f"{name} {value}" for name, value in answer.items() if isinstance(value, int | float | str))
        table.add_row(_short(text), ", ".join(_said(answer)), more)
    Console().print(table)


def _said(answer: dict[str, Any]) -> list[str]:
    labels = [f"{one['label']} {one['probability']:.3f}" for one in answer.get("labels", [])]
    return labels + [f"{one['label']} {one['text']!r} {one['confidence']:.3f}" for one in answer.get("entities", [])]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"
