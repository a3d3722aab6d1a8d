"""Gathers every figure of a shop's current generation, each beside its baselines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tradewind.errors import DataError, NotFoundError
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Page, Table
from tradewind.flows.evaluation.encoders import encoders_of
from tradewind.flows.evaluation.searches import search_tables, unseen_words
from tradewind.flows.ledger import Ledger
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context
from tradewind.flows.up import STEPS
from tradewind.settings import Shop
from tradewind.tasks.baskets import time_cuts
from tradewind.tasks.match_report import held_out, recall_table
from tradewind.telemetry import Progress

QUESTIONS = 2000
"""Items whose held-out company is asked for."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Tables for a person, claim objects (see `Claim.as_json`) for a script, and what the figures stand on."""

    tables: list[Table] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    def as_text(self) -> str:
        """Returns the tables one under the other, and the facts below them."""
        facts = "\n".join(f"{name}: {value}" for name, value in self.facts.items())
        return "\n\n".join([*(table.as_text() for table in self.tables), facts])


def evaluate(shop: Shop, progress: Progress) -> Evaluation:
    """Returns the figures of what serves, and writes them as a page into the shop's reports.

    What is bought with an item and what a search finds are measured anew, with the compressed encoders; classify and
    next basket stand as they were measured, beside their baselines, when they were learned.
    Raises NotFoundError when the shop was not built.
    """
    context = finished(shop)
    found = Evaluation(facts=_facts(context))
    _match_and_search(context, found, progress)
    for name in ("next_item", "classify"):
        _as_learned(context.outputs[name], found)
    page = Page(f"{shop.settings.shop}: what it comes to", found.facts, found.tables)
    shop.reports.mkdir(parents=True, exist_ok=True)
    (shop.reports / "evaluation.html").write_text(page.as_html(), encoding="utf-8")
    return found


def finished(shop: Shop) -> Context:
    """Returns what every step left. Raises NotFoundError naming the first step that was not finished."""
    ledger = Ledger(shop.work / "ledger.json")
    context = Context(shop)
    for step in STEPS:
        entry = ledger.entry(step.name)
        if entry is None:
            raise NotFoundError(f"step {step.name} was not finished", hint=f"tradewind up {shop.root}")
        context.outputs[step.name] = entry.outputs
    return context


def _match_and_search(context: Context, found: Evaluation, progress: Progress) -> None:
    shop, snapshot = context.shop, snapshot_of(context)
    items, events = snapshot.items(), snapshot.events(types=["purchase"])
    if events.num_rows == 0:
        return
    encoders, cuts = encoders_of(context, progress), time_cuts(events)
    try:
        check = held_out(
            items,
            events,
            learned_until=cuts.validation,
            since=cuts.test,
            questions=QUESTIONS,
            seed=shop.settings.learn.seed,
        )
    except DataError as error:
        found.facts["what is bought with an item"] = f"not measured: {error}"
    else:
        matched = recall_table(check, encoders.methods("together"), "fine-tuned", ("untuned", "BM25"))
        _add(found, matched.table, matched.claims)
    for tables in (search_tables, unseen_words):
        for table, claims in tables(shop, items, events, cuts.validation, encoders):
            _add(found, table, claims)


def _add(found: Evaluation, table: Table, claims: Sequence[Claim]) -> None:
    found.tables.append(table)
    found.claims.extend(claim.as_json() for claim in claims)


def _as_learned(outputs: dict[str, Any], found: Evaluation) -> None:
    for table in outputs.get("tables", []):
        found.tables.append(Table(**{**table, "columns": tuple(table["columns"]), "notes": tuple(table["notes"])}))
    found.claims.extend(outputs.get("claims", []))


def _facts(context: Context) -> dict[str, str]:
    settings, weights = context.shop.settings, context.outputs["weights"]
    return {
        "weights": f"{weights['source']} (sha256 {weights['sha256'][:16]}…, {weights['licence']})",
        "snapshot": context.outputs["ingest"]["snapshot"],
        "encoder": context.outputs["compress"]["version"],
        "effort": settings.learn.effort,
        "seed": str(settings.learn.seed),
        **({"data": " ".join(settings.notice.split())} if settings.notice else {}),
    }
