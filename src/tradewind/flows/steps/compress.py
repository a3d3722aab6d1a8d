"""Step 4: the encoder becomes a small ONNX bundle, is held against its original, and is published."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tradewind.flows.parity import parity_texts, together_metric
from tradewind.flows.publishing import facts_of, is_there, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.settings.compress import CompressSettings
from tradewind.telemetry import Progress


def _inputs(context: Context) -> dict[str, Any]:
    return {
        "match": context.outputs["match"]["folder"],
        "metrics": context.outputs["match"]["metrics"],
        "encoder": context.shop.settings.encoder.of_passages(),
    } | ({"compress": asked.model_dump()} if (asked := context.shop.settings.compress).asked else {})


def searching(asked: CompressSettings) -> Step:
    """Returns the step that publishes the point of the frontier that is `asked`, whatever shop.yaml says."""
    return replace(STEP, title="Search for a compression and publish it", run=partial(_run, asked=asked))


def _run(context: Context, progress: Progress, asked: CompressSettings | None = None) -> Outputs:
    from tradewind.compression.encoder import compress_encoder

    asked = asked or context.shop.settings.compress
    if asked.asked:
        from tradewind.flows.compressing import publish_point

        return publish_point(context, asked, progress)

    out = context.shop.scratch / "encoder"
    shutil.rmtree(out, ignore_errors=True)
    settings, match = context.shop.settings.encoder, context.outputs["match"]
    snapshot = snapshot_of(context)
    items, events = snapshot.items(), snapshot.events(types=["purchase"])
    texts = parity_texts(items, events)
    small = compress_encoder(
        Path(match["folder"]),
        out,
        prefixes=checkpoint_of(context).prefixes,
        max_tokens=settings.max_tokens,
        held_out=texts.held_out,
        calibration=texts.calibration,
        precision=settings.precision,
        metric=together_metric(items, events, context.shop.settings.learn.seed),
        progress=progress,
    )
    facts = facts_of(
        context,
        parents=[],
        config={
            "encoder": settings.of_passages(),
            "tuned": match["report"] is not None,
            "precision": small.precision,
            "refused": small.refused,
        },
        metrics={"match": match["metrics"], "parity": small.report},
        profile=small.profile,
    )
    return stored(publish_files(context.shop, "encoder", "match", out, facts)) | {"parity": small.report}


STEP = Step(
    "compress",
    "Compress the encoder and hold it against its original",
    60.0,
    _inputs,
    _run,
    is_there,
    grows_with="items",
    least=20.0,
)
