"""Step 6: a smaller encoder learns to answer queries in the place of the published one, where the shop asks for it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradewind.errors import DataError, ParityError
from tradewind.flows.publishing import facts_of, fetch, is_there, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.encode import vectors_of
from tradewind.flows.steps.match import gloss_digest, glosses_of
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.settings import Shop
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.compression.encoder import CompressedEncoder

NOTHING: Outputs = {"kind": "encoder", "name": "query", "version": None}


def _wanted(shop: Shop) -> bool:
    return shop.settings.encoder.queries.blocks is not None


def _inputs(context: Context) -> dict[str, Any]:
    shop = context.shop
    asked = shop.settings.encoder.queries
    if not _wanted(shop):
        return {"queries": None}
    file = shop.root / shop.settings.queries if shop.settings.queries else None
    return {
        "queries": asked.model_dump(),
        "encoder": context.outputs["compress"]["version"],
        "snapshot": context.outputs["ingest"]["snapshot"],
        "seed": shop.settings.learn.seed,
        "glosses": gloss_digest(glosses_of(shop)),
        "judged": file.read_text(encoding="utf-8", errors="replace") if file and file.is_file() else None,
    }


def _run(context: Context, progress: Progress) -> Outputs:
    if not _wanted(context.shop):
        return NOTHING
    if "chosen" in context.outputs["compress"]:
        progress.note("      the encoder that was searched for answers queries itself")
        return NOTHING
    try:
        small = _learned(context, progress)
    except (DataError, ParityError) as error:
        progress.note(f"      {error.what}: the whole encoder answers queries")
        return NOTHING | {"refused": str(error)}
    facts = facts_of(
        context,
        parents=[context.outputs["compress"]],
        config=context.shop.settings.encoder.queries.model_dump() | {"precision": small.precision},
        metrics={"parity": small.report},
        profile=small.profile,
    )
    outputs = stored(publish_files(context.shop, "encoder", "query", small.folder, facts)) | {"parity": small.report}
    shutil.rmtree(_scratch(context), ignore_errors=True)
    return outputs


def _learned(context: Context, progress: Progress) -> CompressedEncoder:
    from tradewind.compression.query_encoder import QueryPlan, query_encoder
    from tradewind.flows.query_lessons import query_lessons

    shop, asked, snapshot = context.shop, context.shop.settings.encoder.queries, snapshot_of(context)
    assert asked.blocks is not None  # noqa: S101
    lessons = query_lessons(shop, snapshot.items(), snapshot.events(types=["purchase"]), vectors_of(context))
    published = fetch(shop, context.outputs["compress"])
    out = _scratch(context) / published.version / "bundle"
    _make_room(out)
    plan = QueryPlan(
        blocks=asked.blocks,
        steps=asked.steps,
        quality=asked.quality,
        prefixes=checkpoint_of(context).prefixes,
        max_tokens=shop.settings.encoder.max_tokens,
        seed=shop.settings.learn.seed,
        threads=shop.settings.learn.threads,
    )
    return query_encoder(Path(context.outputs["match"]["folder"]), published.path, out, lessons, plan, progress)


def _scratch(context: Context) -> Path:
    return context.shop.scratch / "query_encoder"


def _make_room(out: Path) -> None:
    """Leaves what an interrupted run learned from the same encoder, and nothing of another one."""
    for stale in (path for path in out.parent.parent.glob("*") if path != out.parent):
        shutil.rmtree(stale)
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)


STEP = Step(
    "query_encoder",
    "Learn to answer queries with less",
    130.0,
    _inputs,
    _run,
    is_there,
    grows_with="items",
    least=60.0,
    wanted=_wanted,
)
