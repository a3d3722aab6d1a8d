"""Step 3: the encoder learns what is bought together and what things are called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradewind.errors import DataError
from tradewind.flows.learning import learned
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.models.pretrained import Checkpoint


def _inputs(context: Context) -> dict[str, Any]:
    learn = context.shop.settings.learn
    return {
        "snapshot": context.outputs["ingest"]["snapshot"],
        "weights": context.outputs["weights"]["sha256"],
        "task": learn.match.model_dump(),
        "learn": {"effort": learn.effort, "seed": learn.seed},
        "max_tokens": context.shop.settings.encoder.max_tokens,
    }


def _run(context: Context, progress: Progress) -> Outputs:
    checkpoint = checkpoint_of(context)
    if not context.shop.settings.learn.match.enabled:
        progress.note("      match is switched off: the untuned encoder serves")
        return _untuned(checkpoint)
    from tradewind.training.match import train

    try:
        result = train(context.shop, snapshot_of(context), checkpoint, context.shop.scratch / "match", progress)
    except DataError as error:
        progress.note(f"      {error}: the untuned encoder serves")
        return _untuned(checkpoint)
    for line in result.as_text().splitlines():
        progress.note(f"      {line}")
    return learned(result)


def _untuned(checkpoint: Checkpoint) -> Outputs:
    return {"folder": str(checkpoint.folder), "metrics": {}, "tables": [], "claims": [], "report": None}


def _present(context: Context, outputs: Outputs) -> bool:
    return Path(outputs["folder"]).is_dir()


STEP = Step("match", "Fine-tune the encoder", 200.0, _inputs, _run, _present, grows_with="items", least=30.0)
