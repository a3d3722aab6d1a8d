"""How a step hands its work to the registry, and how a later step gets it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tradewind.errors import TradewindError
from tradewind.flows.step import Context, Outputs
from tradewind.registry.artefacts import Artefact, load, publish
from tradewind.registry.keys import ensure_keypair, load_public
from tradewind.registry.manifest import ManifestFacts
from tradewind.settings import Shop


def publish_files(shop: Shop, kind: str, name: str, files: Path, facts: ManifestFacts) -> Artefact:
    """Returns the new signed version made of `files`. Raises ArtefactError."""
    return publish(shop.artefacts, kind, name, files, facts, ensure_keypair(shop.keys).private)


def stored(artefact: Artefact) -> Outputs:
    """Returns what the ledger remembers of an artefact."""
    return {"kind": artefact.kind, "name": artefact.name, "version": artefact.version}


def fetch(shop: Shop, outputs: Outputs) -> Artefact:
    """Returns the artefact that `stored` described, checked whole. Raises ArtefactError, NotFoundError."""
    return load(shop.artefacts, outputs["kind"], outputs["name"], outputs["version"], load_public(shop.keys))


def is_there(context: Context, outputs: Outputs) -> bool:
    """Says whether an artefact is still there and unaltered; a step whose artefact is not runs again."""
    if outputs.get("version") is None:
        return True
    try:
        fetch(context.shop, outputs)
    except TradewindError:
        return False
    return True


def facts_of(context: Context, *, parents: list[Outputs], **said: Any) -> ManifestFacts:
    """Returns what every manifest of this shop says: parents, snapshot, weights, licence and the data's notice."""
    weights = context.outputs["weights"]
    return ManifestFacts(
        parents=tuple(f"{p['kind']}/{p['name']}/{p['version']}" for p in parents if p.get("version")),
        snapshot=context.outputs["ingest"]["snapshot"],
        weights={name: weights[name] for name in ("source", "sha256")},
        licence=weights["licence"],
        notice=context.shop.settings.notice,
        **said,
    )
