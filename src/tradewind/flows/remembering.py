"""What a published estimator leaves for the next version to go on from, as a signed artefact of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradewind.engine.estimators import KIND
from tradewind.registry.artefacts import Artefact, inspect, load, publish
from tradewind.registry.keys import ensure_keypair, load_public
from tradewind.registry.layout import versions
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import current
from tradewind.settings import Shop

if TYPE_CHECKING:
    from tradewind.training.continual.memory import Memory

MEMORY_KIND: Final = "memory"


def remember(shop: Shop, estimator: Artefact, folder: Path) -> Artefact | None:
    """Publishes `folder` as the memory of `estimator` and returns it, None when the run left none."""
    if not folder.is_dir():
        return None
    told = estimator.manifest
    facts = ManifestFacts(
        parents=(estimator.reference,),
        snapshot=told.snapshot,
        weights=told.weights,
        licence=told.licence,
        notice=told.notice,
    )
    return publish(shop.artefacts, MEMORY_KIND, estimator.name, folder, facts, ensure_keypair(shop.keys).private)


def remembered(shop: Shop, name: str) -> Memory | None:
    """Returns the memory of the version of `name` that answers now, checked whole; None when it left none.

    Raises ArtefactError when it was altered.
    """
    from tradewind.training.continual.memory import read_memory

    version = current(shop.artefacts, KIND, name)
    if version is None:
        return None
    public = load_public(shop.keys)
    for found in reversed(versions(shop.artefacts, MEMORY_KIND, name)):
        parents = inspect(shop.artefacts, MEMORY_KIND, name, found, public).manifest.parents
        if f"{KIND}/{name}/{version}" in parents:
            return read_memory(load(shop.artefacts, MEMORY_KIND, name, found, public).path, version)
    return None
