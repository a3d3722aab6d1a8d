"""Resolves the name of a pretrained encoder to a checkpoint folder on this machine.

`package:e5`, `hub:ID`, `hub:ID@REVISION` and `dir:PATH` each mean that one source. A bare name of the lock file, as
is `e5`, means its sources in their order: the hub's original where it can be reached, then the package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tradewind import plugins
from tradewind.errors import MissingExtraError, ModelError
from tradewind.models.cache import default_cache, stored_once
from tradewind.models.checkpoint import WEIGHTS_FILE, write_weights
from tradewind.models.lock import load_lock
from tradewind.models.sources import Offer, PretrainedSource
from tradewind.models.vocabulary import trimmed
from tradewind.telemetry import Progress, SilentProgress

CONVERSION: Final = 1
"""Part of every cache key: raised when the same source would give another checkpoint."""
DEFAULT_LANGUAGES: Final = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A Hugging Face folder of fp32 weights, and where they came from.

    `sha256` is that of its `model.safetensors`; `dimension` the width of its vectors; `prefixes` what goes before a
    text in the roles query, passage and together.
    """

    folder: Path
    weights_source: str
    sha256: str
    licence: str
    dimension: int
    prefixes: Mapping[str, str]
    vocabulary: int


def resolve(
    spec: str,
    cache: Path | None = None,
    offline_ok: bool = True,
    trim: bool = True,
    *,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    progress: Progress | None = None,
) -> Checkpoint:
    """Returns the checkpoint that `spec` names, converted on the first call and found in `cache` afterwards.

    `trim` keeps only the vocabulary of `languages`. With `offline_ok` a bare name falls back from the hub to its
    package; without it, only the first source will do.
    Raises ModelError when the weights are missing or not the locked ones, MissingExtraError when a package is.
    """
    offer = _offer(spec, offline_ok)
    (progress or SilentProgress()).note(f"pretrained weights: {offer.label}")
    scripts = "-".join(sorted(set(languages))) if trim else "all"

    def make(folder: Path) -> dict[str, Any]:
        weights = offer.read()
        weights = trimmed(weights, languages) if trim else weights
        write_weights(weights, folder)
        return {
            "source": offer.label,
            "licence": offer.licence,
            "dimension": int(weights.config["hidden_size"]),
            "vocabulary": int(weights.config["vocab_size"]),
        }

    folder, facts = stored_once(cache or default_cache(), f"{offer.key}-{scripts}-v{CONVERSION}", make)
    return Checkpoint(
        folder=folder,
        weights_source=offer.label,
        sha256=facts["files"][WEIGHTS_FILE][1],
        licence=offer.licence or "not stated",
        dimension=facts["dimension"],
        prefixes=dict(offer.prefixes),
        vocabulary=facts["vocabulary"],
    )


def _offer(spec: str, offline_ok: bool) -> Offer:
    kind, colon, name = spec.partition(":")
    if colon:
        return _source(kind).offer(name)
    sources = load_lock().model(spec).sources
    for source in sources if offline_ok else sources[:1]:
        try:
            return _source(source.kind).offer(spec if source.kind == "package" else source.id)
        except (ModelError, MissingExtraError) as error:
            failure = error
    raise failure


def _source(kind: str) -> PretrainedSource:
    found: type[PretrainedSource] = plugins.load("pretrained", kind)
    return found()
