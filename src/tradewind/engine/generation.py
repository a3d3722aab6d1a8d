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


class Generation(BaseModel):
    """References ("kind/name/version") of the parts, and by reference the sha256 of each one's manifest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: str
    index: str
    sequence: str | None = None
    classifier: str | None = None
    manifests: dict[str, str]


def write_generation(
    folder: Path,
    encoder: Artefact,
    index: Artefact,
    sequence: Artefact | None = None,
    classifier: Artefact | None = None,
) -> Generation:
    """Writes the file of a generation of these parts into `folder`, ready to be published, and returns what it says."""
    parts = [part for part in (encoder, index, sequence, classifier) if part is not None]
    generation = Generation(
        encoder=encoder.reference,
        index=index.reference,
        sequence=sequence.reference if sequence else None,
        classifier=classifier.reference if classifier else None,
        manifests={part.reference: part.manifest_sha256 for part in parts},
    )
    (folder / FILE).write_text(generation.model_dump_json(indent=1), encoding="utf-8")
    return generation


def load_generation(root: Path, version: str, key: PublicKey) -> Generation:
    """Returns what a generation is made of, after checking its signature and its bytes. Raises ArtefactError."""
    path = load(root, KIND, NAME, version, key).path / FILE
    try:
        return Generation.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtefactError("not a generation", where=str(path), hint=" ".join(str(error).split())) from None


def load_part(root: Path, generation: Generation, reference: str, key: PublicKey) -> Artefact:
    """Returns one part, checked, and checked to be the very one that the generation was published with.

    Raises ArtefactError or NotFoundError.
    """
    kind, name, version = split_reference(reference)
    artefact = load(root, kind, name, version, key)
    if generation.manifests.get(reference) != artefact.manifest_sha256:
        raise ArtefactError("not the artefact that the generation was published with", where=reference)
    return artefact
