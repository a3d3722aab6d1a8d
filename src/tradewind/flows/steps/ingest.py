"""Step 1: the shop's tables become records in the store and a snapshot."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tradewind.data.snapshot import tombstones_path
from tradewind.flows.step import Context, Outputs, Step
from tradewind.settings import Shop, SourceSettings
from tradewind.telemetry import Progress


def _inputs(context: Context) -> dict[str, Any]:
    settings = context.shop.settings
    tables = [settings.items.source, *(table.source for table in settings.events)]
    erased = _erased(context.shop)
    return {
        "items": settings.items.model_dump(),
        "events": [table.model_dump() for table in settings.events],
        "store": settings.store,
        "currency": settings.currency,
        "files": [source_mark(context.shop, table) for table in tables],
        "abbreviations": _file_mark(context.shop.root / settings.items.abbreviations)
        if settings.items.abbreviations
        else None,
        **({"people erased": erased} if erased else {}),
    }


def _erased(shop: Shop) -> list[str]:
    """Returns who was erased: after an erasure everything is made again without that person."""
    listed = tombstones_path(shop.snapshots)
    return listed.read_text().split() if listed.is_file() else []


def source_mark(shop: Shop, source: SourceSettings) -> Any:
    """Returns what changes when a source's content does: a file's size and time, a package's version.

    A database's content cannot be told from outside: it is read on the first `up`, then by `tradewind ingest`.
    """
    if source.path is None:
        return {"url": source.url, "query": source.query}
    if source.path.startswith("package:"):
        name = source.path.removeprefix("package:").split("/", 1)[0]
        try:
            return {"package": name, "version": version(name)}
        except PackageNotFoundError:
            return {"package": name, "version": None}
    return _file_mark(shop.root / source.path)


def _file_mark(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {"path": str(path), "size": None}
    found = path.stat()
    return {"path": str(path), "size": found.st_size, "time": found.st_mtime_ns}


def _run(context: Context, progress: Progress) -> Outputs:
    from tradewind.data.ingest import ingest

    report = ingest(context.shop, progress)
    for line in report.text().splitlines():
        progress.note(f"      {line}")
    return {"snapshot": report.snapshot, "report": report.to_dict()}


def _present(context: Context, outputs: Outputs) -> bool:
    return bool((context.shop.snapshots / outputs["snapshot"]).is_dir())


STEP = Step("ingest", "Read the tables, check every row, store, snapshot", 60.0, _inputs, _run, _present)
