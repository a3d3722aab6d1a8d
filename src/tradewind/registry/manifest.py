"""What an artefact says about itself: its files, where they came from, and how good and how fast they were found."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tradewind.errors import ArtefactError

LIBRARIES: Final = (
    *("tradewind", "numpy", "pyarrow", "onnxruntime", "tokenizers", "tantivy", "usearch", "rjieba"),
    *("torch", "transformers", "peft", "sentence-transformers", "safetensors", "onnx", "scikit-learn"),
)


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """What a publisher knows and the files do not say.

    `parents` are artefacts this one was made from ("kind/name/version"), `snapshot` the hash of the data it learned
    from, `config` the settings, `metrics` and `profile` what was measured (quality; latency in milliseconds), `weights`
    the source of the pretrained weights, `notice` what must be said wherever the figures stand.
    """

    parents: tuple[str, ...] = ()
    snapshot: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, Any] | str | None = None
    licence: str | None = None
    notice: str | None = None


class FileEntry(BaseModel):
    """One file: its sha256 in hexadecimal and its size in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """The whole of manifest.json. `files` are relative paths with forward slashes; `signer` names the public key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    kind: str
    name: str
    version: str
    created: str
    signer: str
    size: int
    files: dict[str, FileEntry]
    parents: list[str] = []
    snapshot: str | None = None
    config: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    profile: dict[str, Any] = {}
    weights: dict[str, Any] | str | None = None
    licence: str | None = None
    notice: str | None = None
    libraries: dict[str, str] = {}

    def to_bytes(self) -> bytes:
        """Returns the manifest as UTF-8 JSON with sorted keys: what is signed."""
        return canonical(self.model_dump(mode="python"))


def canonical(value: Any) -> bytes:
    """Returns `value` as indented JSON in one fixed form. Raises ArtefactError for what JSON cannot say."""
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ArtefactError(f"a manifest cannot say this: {error}") from None
    return text.encode("utf-8") + b"\n"


def read_manifest(raw: bytes, *, where: str) -> Manifest:
    """Returns the manifest in `raw`. Raises ArtefactError."""
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ArtefactError(f"not a manifest: {place}: {first['msg']}", where=where) from None


def library_versions() -> dict[str, str]:
    """Returns the versions of Python and of the installed libraries that decide what an artefact computes."""
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
