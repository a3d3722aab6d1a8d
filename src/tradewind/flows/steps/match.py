"""Step 3: the encoder learns what is bought together and what things are called."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradewind.errors import DataError
from tradewind.flows.learning import learned
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.index.analysis import fold
from tradewind.index.glossary.entries import packaged, parse, read_glossary
from tradewind.index.glossary.translator import stems_of
from tradewind.settings import Shop
from tradewind.tasks.translations import Glosses, Meaning
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
        "glosses": gloss_digest(glosses_of(context.shop)),
        "max_tokens": context.shop.settings.encoder.max_tokens,
    }


def _run(context: Context, progress: Progress) -> Outputs:
    checkpoint = checkpoint_of(context)
    if not context.shop.settings.learn.match.enabled:
        progress.note("      match is switched off: the untuned encoder serves")
        return _untuned(checkpoint)
    from tradewind.training.match import train
    from tradewind.training.tracking import tracked

    found = glosses_of(context.shop)
    try:
        with tracked(context.shop, "match", progress):
            result = train(
                context.shop, snapshot_of(context), checkpoint, context.shop.scratch / "match", progress, found
            )
    except DataError as error:
        progress.note(f"      {error}: the untuned encoder serves")
        return _untuned(checkpoint)
    for line in result.as_text().splitlines():
        progress.note(f"      {line}")
    return learned(result)


def glosses_of(shop: Shop) -> Glosses | None:
    """Returns the meanings that Chinese searches are learned from, the shop's own first; None for a shop of one
    language. Raises ConfigError when the shop's own glossary cannot be read."""
    settings = shop.settings
    if not {"en", "zh"} <= set(settings.languages):
        return None
    own = read_glossary(shop.root / settings.index.glossary) if settings.index.glossary else []
    entries = (*parse(own, where="the shop's glossary"), *packaged())
    return Glosses(tuple(Meaning(entry.chinese, entry.english) for entry in entries), lambda text: stems_of(fold(text)))


def gloss_digest(glosses: Glosses | None) -> str | None:
    """Returns what changes with the meanings that are learned."""
    told = repr(glosses.meanings) if glosses else None
    return hashlib.sha256(told.encode()).hexdigest() if told else None


def _untuned(checkpoint: Checkpoint) -> Outputs:
    return {"folder": str(checkpoint.folder), "metrics": {}, "tables": [], "claims": [], "report": None}


def _present(context: Context, outputs: Outputs) -> bool:
    return Path(outputs["folder"]).is_dir()


STEP = Step(
    "match", "Fine-tune the encoder", 200.0, _inputs, _run, _present, revision=2, grows_with="items", least=30.0
)
