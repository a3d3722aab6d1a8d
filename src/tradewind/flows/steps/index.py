"""Step 9: the catalogue becomes one immutable index."""

from __future__ import annotations

import hashlib
import shutil
from typing import Any

from tradewind.flows.publishing import facts_of, is_there, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.encode import vectors_of
from tradewind.settings import IndexSettings, Shop
from tradewind.telemetry import Progress

_FILES = ("dictionary", "glossary")


def _inputs(context: Context) -> dict[str, Any]:
    settings = context.shop.settings
    return {
        "snapshot": context.outputs["ingest"]["snapshot"],
        "encoder": context.outputs["compress"]["version"],
        "index": settings.index.model_dump(),
        "languages": settings.languages,
        "files": [_digest(context.shop, getattr(settings.index, name)) for name in _FILES],
    }


def _run(context: Context, progress: Progress) -> Outputs:
    from tradewind.index.builder import build

    out = context.shop.scratch / "index"
    shutil.rmtree(out, ignore_errors=True)
    snapshot = snapshot_of(context)
    settings = context.shop.settings
    build(
        snapshot.items(),
        vectors_of(context),
        snapshot.events(),
        index_settings(context.shop),
        settings.languages,
        None,
        out,
        progress,
        change=snapshot.delta,
    )
    facts = facts_of(context, parents=[context.outputs["compress"]], config=settings.index.model_dump())
    return stored(publish_files(context.shop, "index", "catalogue", out, facts))


def index_settings(shop: Shop) -> IndexSettings:
    """Returns the settings with the names of files made whole: the builder does not know the shop's folder."""
    settings = shop.settings.index
    files = {name: getattr(settings, name) for name in _FILES}
    return settings.model_copy(update={name: str(shop.root / path) for name, path in files.items() if path})


def _digest(shop: Shop, name: str | None) -> str | None:
    """Returns what changes with the words of a file; a file that is not there is for the build to complain of."""
    path = shop.root / name if name else None
    return hashlib.sha256(path.read_bytes()).hexdigest() if path and path.is_file() else None


STEP = Step("index", "Index the catalogue", 40.0, _inputs, _run, is_there, grows_with="items", least=2.0)
