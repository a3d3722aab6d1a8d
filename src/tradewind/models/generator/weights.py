"""Resolves the name of a causal language model to a folder: `package:gemma3-270m`, `hub:ID`, `dir:PATH`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tradewind.errors import MissingExtraError, ModelError
from tradewind.models.cache import default_cache
from tradewind.models.checkpoint import CONFIG_FILE, TOKENIZER_FILE
from tradewind.models.generator.packaged import packaged_generator, unpacked

_WANTED: Final = ["*.json", "*.safetensors", "tokenizer.model"]


@dataclass(frozen=True, slots=True)
class CausalWeights:
    """A Hugging Face folder of a causal language model, and where it came from."""

    folder: Path
    source: str
    licence: str


def resolve_generator(spec: str, cache: Path | None = None, *, accept_terms: bool = False) -> CausalWeights:
    """Returns the model that `spec` names; one that comes under terms of its own only once they are accepted.

    Raises ModelError when it is missing, damaged or could run code, ConfigError until its terms are accepted, and
    MissingExtraError when its package is not installed.
    """
    kind, _, name = spec.partition(":")
    if kind == "package":
        model = packaged_generator(name)
        folder = unpacked(model, cache or default_cache(), accept_terms=accept_terms)
        return CausalWeights(folder, model.label, model.licence)
    if kind == "dir":
        folder = Path(name).expanduser()
        return CausalWeights(_required(folder), f"dir:{folder.name}", "not stated")
    if kind == "hub":
        return CausalWeights(_required(_fetched(name)), spec, "see the model's page")
    raise ModelError(f"no generator is called {spec!r}", hint="known: package:gemma3-270m, hub:ID, dir:PATH")


def _required(folder: Path) -> Path:
    missing = [part for part in (CONFIG_FILE, TOKENIZER_FILE) if not (folder / part).is_file()]
    if not missing and not list(folder.glob("*.safetensors")):
        missing = ["*.safetensors"]
    if missing:
        raise ModelError(f"not a model folder: {', '.join(missing)} is not there", where=str(folder))
    try:
        config: Any = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"not valid JSON: {error}", where=str(folder / CONFIG_FILE)) from None
    if not isinstance(config, dict) or "auto_map" in config:
        raise ModelError("the model needs code of its own, which is never run", where=str(folder / CONFIG_FILE))
    return folder


def _fetched(name: str) -> Path:
    identity, _, revision = name.partition("@")
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtraError("the client of the model hub", "learn") from None
    try:
        return Path(snapshot_download(identity, revision=revision or None, allow_patterns=_WANTED))
    except Exception as error:
        raise ModelError(
            f"the model {identity!r} could not be had from the hub ({type(error).__name__})",
            hint="a model that needs no hub: package:gemma3-270m",
        ) from None
