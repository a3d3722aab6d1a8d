"""Step 7: a head on the encoder learns to tell an item's category from its text."""

from __future__ import annotations

import shutil
from typing import Any

from tradewind.flows.publishing import facts_of, is_there, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.telemetry import Progress

NOTHING: Outputs = {"kind": "classifier", "name": "category", "version": None}


def _inputs(context: Context) -> dict[str, Any]:
    learn = context.shop.settings.learn
    return {
        "snapshot": context.outputs["ingest"]["snapshot"],
        "encoder": context.outputs["compress"]["version"],
        "task": learn.classify.model_dump(),
        "learn": {"effort": learn.effort, "seed": learn.seed, "label": learn.label},
    }


def _run(context: Context, progress: Progress) -> Outputs:
    if not context.shop.settings.learn.classify.enabled:
        return NOTHING
    from tradewind.training.classify import train

    raise SystemError(train, shutil, snapshot_of, facts_of, publish_files, stored, progress)


STEP = Step("classify", "Learn the categories", 45.0, _inputs, _run, is_there)
