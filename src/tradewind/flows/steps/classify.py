"""Step 8: a head on the encoder learns to tell an item's category from its text."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from tradewind.errors import DataError
from tradewind.flows.learning import learned
from tradewind.flows.publishing import facts_of, fetch, is_there, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.registry.layout import MANIFEST_FILE, SIGNATURE_FILE
from tradewind.settings import Shop
from tradewind.telemetry import Progress

NOTHING: Outputs = {"kind": "classifier", "name": "category", "version": None}


def _wanted(shop: Shop) -> bool:
    return shop.settings.learn.classify.enabled


def _inputs(context: Context) -> dict[str, Any]:
    learn = context.shop.settings.learn
    return {
        "snapshot": context.outputs["ingest"]["snapshot"],
        "encoder": context.outputs["compress"]["version"],
        "task": learn.classify.model_dump(),
        "learn": {"effort": learn.effort, "seed": learn.seed, "label": learn.label},
    }


def _run(context: Context, progress: Progress) -> Outputs:
    if not _wanted(context.shop):
        return NOTHING
    from tradewind.training.classify import train
    from tradewind.training.tracking import tracked

    tuned = replace(checkpoint_of(context), folder=Path(context.outputs["match"]["folder"]))
    try:
        with tracked(context.shop, "classify", progress):
            result = train(context.shop, snapshot_of(context), tuned, context.shop.scratch / "classify", progress)
    except DataError as error:
        progress.note(f"      no classifier: {error}")
        return NOTHING
    for line in result.as_text().splitlines():
        progress.note(f"      {line}")
    out = _bundle(context, result.folder)
    facts = facts_of(
        context,
        parents=[context.outputs["compress"]],
        config={"label": context.shop.settings.learn.label, **context.shop.settings.learn.classify.model_dump()},
        metrics=result.metrics,
    )
    return learned(result) | stored(publish_files(context.shop, "classifier", "category", out, facts))


def _bundle(context: Context, folder: Path) -> Path:
    """Returns the bundle: the served encoder with the head, or the classifier's own encoder when that was tuned too."""
    from tradewind.compression.export import export_classifier, export_encoder
    from tradewind.models.heads import load_head

    weight, bias, labels = load_head(folder)
    own, out = context.shop.scratch / "classifier-encoder", context.shop.scratch / "classifier"
    for stale in (own, out):
        shutil.rmtree(stale, ignore_errors=True)
    if context.shop.settings.learn.classify.method == "head":
        served = fetch(context.shop, context.outputs["compress"]).path
        shutil.copytree(served, own, ignore=shutil.ignore_patterns(MANIFEST_FILE, SIGNATURE_FILE))
    else:
        export_encoder(folder, own, checkpoint_of(context).prefixes, context.shop.settings.encoder.max_tokens)
    return export_classifier(own, out, labels, weight, bias)


STEP = Step(
    "classify", "Learn the categories", 45.0, _inputs, _run, is_there, grows_with="items", least=15.0, wanted=_wanted
)
