"""Step 4: the encoder becomes a small ONNX bundle, is held against its original, and is published."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tradewind.flows.publishing import facts_of, is_there, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.telemetry import Progress

HELD_OUT = 200
"""Texts on which the small model is held against the large one."""


def _inputs(context: Context) -> dict[str, Any]:
    return {
        "match": context.outputs["match"]["folder"],
        "metrics": context.outputs["match"]["metrics"],
        "encoder": context.shop.settings.encoder.model_dump(),
    }


def _run(context: Context, progress: Progress) -> Outputs:
    from tradewind.compression.encoder import compress_encoder

    out = context.shop.scratch / "encoder"
    shutil.rmtree(out, ignore_errors=True)
    source = Path(context.outputs["match"]["folder"])
    checkpoint = checkpoint_of(context)
    small = compress_encoder(
        source,
        out,
        prefixes=dict(checkpoint.prefixes),
        max_tokens=context.shop.settings.encoder.max_tokens,
        held_out=held_out_texts(context),
        progress=progress,
    )
    facts = facts_of(
        context,
        parents=[],
        config={
            "encoder": context.shop.settings.encoder.model_dump(),
            "tuned": context.outputs["match"]["report"] is not None,
        },
        metrics={"match": context.outputs["match"]["metrics"], "parity": small.report},
        profile=small.profile,
    )
    return stored(publish_files(context.shop, "encoder", "match", out, facts))


def held_out_texts(context: Context) -> list[str]:
    """Returns distinct item texts, spread evenly over the catalogue in the order of their ids."""
    texts = snapshot_of(context).items()["text"].unique().to_pylist()
    step = max(1, len(texts) // HELD_OUT)
    return sorted(texts)[::step][:HELD_OUT]


STEP = Step("compress", "Compress the encoder and hold it against its original", 60.0, _inputs, _run, is_there)
