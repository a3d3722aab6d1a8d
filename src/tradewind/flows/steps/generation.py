"""Step 10: the parts become one generation, and the pointer moves to it."""

from __future__ import annotations

import json
import shutil
from typing import Any

from tradewind.flows.publishing import facts_of, fetch, publish_files, stored
from tradewind.flows.step import Context, Outputs, Step
from tradewind.registry.keys import load_public
from tradewind.registry.pointers import current, promote
from tradewind.telemetry import Progress

PARTS = {
    "encoder": "compress",
    "query_encoder": "query_encoder",
    "classifier": "classify",
    "sequence": "next_item",
    "index": "index",
}
"""What a generation holds, and the step that makes it."""


def _inputs(context: Context) -> dict[str, Any]:
    return {part: context.outputs[step]["version"] for part, step in PARTS.items()}


def _run(context: Context, progress: Progress) -> Outputs:
    parts = {part: _part(context, context.outputs[step]) for part, step in PARTS.items()}
    out = context.shop.scratch / "generation"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / "generation.json").write_text(json.dumps(parts, indent=1), encoding="utf-8")
    facts = facts_of(context, parents=[context.outputs[step] for step in PARTS.values()])
    artefact = publish_files(context.shop, "generation", "shop", out, facts)
    promote(context.shop.artefacts, "generation", "shop", artefact.version, load_public(context.shop.keys))
    return stored(artefact)


def _part(context: Context, outputs: Outputs) -> dict[str, str] | None:
    if outputs["version"] is None:
        return None
    artefact = fetch(context.shop, outputs)
    return {"artefact": artefact.reference, "manifest_sha256": artefact.manifest_sha256}


def _present(context: Context, outputs: Outputs) -> bool:
    """A pointer that somebody moved since (a roll-back) is respected: nothing is promoted behind their back."""
    return current(context.shop.artefacts, "generation", "shop") is not None


STEP = Step("generation", "Publish the generation", 5.0, _inputs, _run, _present)
