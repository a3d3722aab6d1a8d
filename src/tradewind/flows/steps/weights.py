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
    files = _files(settings.encoder.pretrained)
    return {"encoder": settings.encoder.of_passages(), "languages": settings.languages} | (
        {"files": files} if files else {}
    )


def _files(pretrained: str) -> list[tuple[str, int, int]]:
    """Returns name, size and time of the files of a `dir:PATH`: its content may change under the same name."""
    kind, _, path = pretrained.partition(":")
    folder = Path(path).expanduser()
    if kind != "dir" or not folder.is_dir():
        return []
    found = ((file.name, file.stat()) for file in sorted(folder.iterdir()) if file.is_file())
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in found]


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
