"""Step 2: the pretrained weights as a checkpoint that this house can train and export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradewind.flows.step import Context, Outputs, Step
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.models.pretrained import Checkpoint


def checkpoint_of(context: Context, progress: Progress | None = None) -> Checkpoint:
    """Returns the shop's pretrained encoder, converted on the first call. Raises ModelError, MissingExtraError."""
    from tradewind.models.pretrained import resolve

    settings = context.shop.settings
    encoder = settings.encoder
    return resolve(encoder.pretrained, trim=encoder.trim_vocabulary, languages=settings.languages, progress=progress)


def _inputs(context: Context) -> dict[str, Any]:
    settings = context.shop.settings
    return {"encoder": settings.encoder.model_dump(), "languages": settings.languages}


def _run(context: Context, progress: Progress) -> Outputs:
    found = checkpoint_of(context, progress)
    return {
        "folder": str(found.folder),
        "source": found.weights_source,
        "sha256": found.sha256,
        "licence": found.licence,
        "vocabulary": found.vocabulary,
    }


def _present(context: Context, outputs: Outputs) -> bool:
    return Path(outputs["folder"]).is_dir()


STEP = Step("weights", "Fetch the pretrained encoder", 10.0, _inputs, _run, _present)
