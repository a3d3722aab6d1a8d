"""Which artefacts serve together: the one file of a `generation/shop` artefact."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from tradewind.errors import ArtefactError
from tradewind.registry.artefacts import Artefact, load
from tradewind.registry.keys import PublicKey
from tradewind.registry.layout import split_reference

KIND: Final = "generation"
NAME: Final = "shop"
FILE: Final = "generation.json"


class Part(BaseModel):
    """An artefact ("kind/name/version") and the sha256 of its manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    artefact: str
    manifest_sha256: str


class Generation(BaseModel):
    """The parts that serve together; a shop may do without a sequence model, a classifier and an encoder for queries
    alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: Part
    index: Part
    sequence: Part | None = None
    classifier: Part | None = None
    query_encoder: Part | None = None


def load_generation(root: Path, version: str, key: PublicKey) -> Generation:
    """Returns what a generation is made of, after checking its signature and its bytes. Raises ArtefactError."""
    path = load(root, KIND, NAME, version, key).path / FILE
    try:
        return Generation.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtefactError("not a generation", where=str(path), hint=" ".join(str(error).split())) from None


def load_part(root: Path, part: Part, key: PublicKey) -> Artefact:
    """Returns one part, checked, and checked to be the very one that the generation was published with.

    Raises ArtefactError or NotFoundError.
    """
    artefact = load(root, *split_reference(part.artefact), key)
    if part.manifest_sha256 != artefact.manifest_sha256:
        raise ArtefactError("not the artefact that the generation was published with", where=part.artefact)
    return artefact
