"""Searches over ways to compress the shop's encoder, and publishes the one that is asked for."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from tradewind.errors import ParityError
from tradewind.flows.parity import ParityTexts, judged_metric, parity_texts, together_metric
from tradewind.flows.publishing import facts_of, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.settings import Shop
from tradewind.settings.compress import CompressSettings
from tradewind.tasks.catalogue_texts import item_texts
from tradewind.tasks.query_check import spelled_queries
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.compression.encoder import Metric
    from tradewind.compression.search.frontier import Point
    from tradewind.compression.search.ground import Ground
    from tradewind.compression.search.run import Searched
    from tradewind.compression.search.workshop import Workshop

PASSAGES: Final = 1000
"""Texts of the catalogue among which the first ten are looked for."""
REVISION: Final = 2
"""Raised when a technique makes something else of the same model: what was measured before is then measured anew."""
TAUGHT: Final = 4000
"""Texts of the catalogue that students learn from at most."""


def publish_point(context: Context, asked: CompressSettings, progress: Progress) -> Outputs:
    """Returns the step's outputs for the point that is `asked`, after a search that goes on where one was broken off.

    The page is written whatever comes out. Raises ParityError naming the nearest point where nothing reaches it.
    """
    from tradewind.compression.encoder import original_encoder
    from tradewind.compression.search.frontier import Limits
    from tradewind.compression.search.run import search

    texts, ground = _ground(context)
    workshop = _workshop(context, asked, texts, ground, progress)
    original = original_encoder(workshop.original, workshop.prefixes, workshop.max_tokens)
    limits = Limits(asked.milliseconds, asked.bytes, asked.quality)
    found = search(workshop, ground, original.encode, limits)
    try:
        chosen = found.frontier.chosen()
    except ParityError:
        _write_page(context, found, None, None)
        raise
    return _published(context, asked, found, chosen)


def _ground(context: Context) -> tuple[ParityTexts, Ground]:
    from tradewind.compression.search.ground import Ground

    snapshot = snapshot_of(context)
    items, events = snapshot.items(), snapshot.events(types=["purchase"])
    texts = parity_texts(items, events)
    asked = {
        "bought together": together_metric(items, events, context.shop.settings.learn.seed),
        "judged queries": judged_metric(context.shop, items),
    }
    metrics: Mapping[str, Metric] = {name: metric for name, metric in asked.items() if metric}
    passages = dict.fromkeys([*texts.held_out, *_catalogue(items, PASSAGES)])
    return texts, Ground(tuple(texts.held_out), tuple(passages), metrics)


def _catalogue(items: pa.Table, count: int) -> list[str]:
    """Returns at most `count` distinct texts of the catalogue, evenly over its rows."""
    texts = list(dict.fromkeys(item_texts(items)))
    return texts[:: -(-len(texts) // count)] if texts else []


def _workshop(
    context: Context, asked: CompressSettings, texts: ParityTexts, ground: Ground, progress: Progress
) -> Workshop:
    from tradewind.compression.merge import plain_checkpoint
    from tradewind.compression.search.workshop import Workshop

    settings, match = context.shop.settings, context.outputs["match"]
    folder = context.shop.work / "compression" / _mark(context, ground)
    taught = [text for text in _catalogue(snapshot_of(context).items(), TAUGHT) if text not in set(ground.questions)]
    return Workshop(
        original=plain_checkpoint(Path(match["folder"]), folder / "merged"),
        folder=folder,
        prefixes=checkpoint_of(context).prefixes,
        max_tokens=settings.encoder.max_tokens,
        texts=[*taught, *texts.calibration],
        calibration=texts.calibration,
        minutes=asked.minutes,
        seed=settings.learn.seed,
        threads=settings.learn.threads,
        progress=progress,
    )


def _mark(context: Context, ground: Ground) -> str:
    """Returns the name under which measured points are found again: the same model, judged in the same way."""
    told = json.dumps(
        [
            REVISION,
            context.outputs["match"]["folder"],
            context.outputs["match"]["metrics"],
            context.outputs["weights"]["sha256"],
            context.shop.settings.encoder.max_tokens,
            [*ground.questions, *ground.passages],
            _judged(context.shop),
        ]
    )
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _judged(shop: Shop) -> str | None:
    file = spelled_queries(shop)
    return file.model_dump_json() if file else None


def _published(context: Context, asked: CompressSettings, found: Searched, chosen: Point) -> Outputs:
    out = context.shop.scratch / "encoder"
    small = found.make(chosen, out)
    page = _write_page(context, found, chosen, out)
    facts = facts_of(
        context,
        parents=[],
        config={
            "encoder": context.shop.settings.encoder.of_passages(),
            "tuned": context.outputs["match"]["report"] is not None,
            "precision": small.precision,
            "refused": None,
            "compress": asked.model_dump(),
            "point": chosen.as_dict(),
        },
        metrics={"match": context.outputs["match"]["metrics"], "parity": small.report},
        profile=small.profile,
    )
    outputs = stored(publish_files(context.shop, "encoder", "match", out, facts))
    return outputs | {"parity": small.report, "chosen": chosen.as_dict(), "report": str(page)}


def _write_page(context: Context, found: Searched, chosen: Point | None, bundle: Path | None) -> Path:
    """Writes the page and, beside it, its figures as JSON."""
    from tradewind.compression.search.report import frontier_page

    held = found.held(chosen, bundle) if chosen and bundle else []
    drawn = frontier_page(found.frontier, held, _facts(context, found), chosen)
    page = context.shop.reports / "compression.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(drawn.as_html(), encoding="utf-8", errors="replace")
    told: dict[str, Any] = found.frontier.as_dict() | {"chosen": chosen.as_dict() if chosen else None}
    page.with_suffix(".json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return page


def _facts(context: Context, found: Searched) -> dict[str, str]:
    ground, weights, notice = found.bench.ground, context.outputs["weights"], context.shop.settings.notice
    counted = f"{len(ground.questions)} texts against {len(ground.passages)}"
    return {
        "snapshot": str(context.outputs["ingest"]["snapshot"]),
        "original": f"{weights['source']}, {found.bench.original_bytes / 1e6:.1f} MB",
        "judged on": ", ".join([counted, *ground.metrics]),
        "seed": str(found.bench.workshop.seed),
        "machine": platform.processor() or platform.machine(),
    } | ({"notice": notice} if notice else {})
