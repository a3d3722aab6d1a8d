"""Step 7: the sequence model learns what a household buys next."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import Any

from tradewind.flows.learning import learned
from tradewind.flows.publishing import facts_of, is_there, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.encode import vectors_of
from tradewind.settings import Shop
from tradewind.telemetry import Progress

NOTHING: Outputs = {"kind": "sequence", "name": "next_item", "version": None}


def _wanted(shop: Shop) -> bool:
    return shop.settings.learn.next_item.enabled


def _inputs(context: Context) -> dict[str, Any]:
    learn = context.shop.settings.learn
    return {
        "snapshot": context.outputs["ingest"]["snapshot"],
        "encoder": context.outputs["compress"]["version"],
        "task": learn.next_item.model_dump(),
        "learn": {"effort": learn.effort, "seed": learn.seed},
    }


def _run(context: Context, progress: Progress) -> Outputs:
    if not _wanted(context.shop):
        return NOTHING
    from tradewind.compression.sequence_export import export_sequence
    from tradewind.training.next_item import train
    from tradewind.training.tracking import tracked

    snapshot = snapshot_of(context)
    ids = snapshot.items()["id"].to_pylist()
    scratch = context.shop.scratch / "next_item"
    with tracked(context.shop, "next_item", progress):
        result = train(context.shop, snapshot, vectors_of(context), ids, scratch, progress)
    if result is None:
        return NOTHING
    for line in result.as_text().splitlines():
        progress.note(f"      {line}")
    out = context.shop.scratch / "sequence"
    shutil.rmtree(out, ignore_errors=True)
    parity = export_sequence(result.folder, out)
    facts = facts_of(
        context,
        parents=[context.outputs["compress"]],
        config=context.shop.settings.learn.next_item.model_dump(),
        metrics={**result.metrics, "parity": asdict(parity)},
        profile={"score_ms": parity.milliseconds},
    )
    return learned(result) | stored(publish_files(context.shop, "sequence", "next_item", out, facts))


STEP = Step(
    "next_item",
    "Learn what is bought next",
    120.0,
    _inputs,
    _run,
    is_there,
    grows_with="events",
    least=15.0,
    wanted=_wanted,
)
