"""Looking through the registry of a shop, and moving its pointers."""

from __future__ import annotations

from typing import Any

from tradewind.errors import NotFoundError, RequestError
from tradewind.registry import artefacts, pointers
from tradewind.registry.keys import load_public
from tradewind.registry.layout import MANIFEST_FILE
from tradewind.settings import Shop


def list_versions(shop: Shop) -> list[dict[str, Any]]:
    """Returns every published version with its time, size (bytes), parents and whether a pointer names it."""
    public = load_public(shop.keys)
    rows = []
    for manifest in sorted(shop.artefacts.glob(f"*/*/*/{MANIFEST_FILE}")):
        kind, name, version = manifest.parent.relative_to(shop.artefacts).parts
        found = artefacts.inspect(shop.artefacts, kind, name, version, public).manifest
        rows.append(
            {
                "artefact": f"{kind}/{name}/{version}",
                "created": found.created,
                "size": found.size,
                "parents": found.parents,
                "serves": pointers.current(shop.artefacts, kind, name) == version,
            }
        )
    return rows


def manifest_of(shop: Shop, words: str) -> dict[str, Any]:
    """Returns the manifest of KIND/NAME[/VERSION] as JSON values. Raises NotFoundError, RequestError."""
    kind, name, version = _named(shop, words)
    found = artefacts.inspect(shop.artefacts, kind, name, version, load_public(shop.keys))
    return found.manifest.model_dump(mode="json")


def verify(shop: Shop, words: str) -> list[str]:
    """Returns the references that were checked: the artefact's own and, depth first, its parents'.

    Raises ArtefactError naming the first file that is not as it was signed.
    """
    kind, name, version = _named(shop, words)
    found = artefacts.load(shop.artefacts, kind, name, version, load_public(shop.keys))
    checked = [found.reference]
    for parent in found.manifest.parents:
        checked += [reference for reference in verify(shop, parent) if reference not in checked]
    return checked


def promote_version(shop: Shop, words: str) -> str:
    """Moves the pointer of KIND/NAME to VERSION after checking it; returns the reference. Raises ArtefactError."""
    kind, name, version = _named(shop, words)
    pointers.promote(shop.artefacts, kind, name, version, load_public(shop.keys))
    return f"{kind}/{name}/{version}"


def roll_back(shop: Shop, words: str) -> str:
    """Moves the pointer of KIND/NAME back by one; returns the reference. Raises NotFoundError."""
    kind, name, _ = _named(shop, words)
    return f"{kind}/{name}/{pointers.rollback(shop.artefacts, kind, name)}"


def _named(shop: Shop, words: str) -> tuple[str, str, str]:
    """Returns kind, name and version; a version that is left out is the one that serves, else the newest."""
    parts = words.split("/")
    if len(parts) not in {2, 3} or not all(parts):
        raise RequestError(f"{words!r} is not KIND/NAME or KIND/NAME/VERSION", hint="see `tradewind models list`")
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    kind, name = parts
    version = pointers.current(shop.artefacts, kind, name) or _newest(shop, kind, name)
    return kind, name, version


def _newest(shop: Shop, kind: str, name: str) -> str:
    versions = sorted(path.parent.name for path in (shop.artefacts / kind / name).glob(f"*/{MANIFEST_FILE}"))
    if not versions:
        raise NotFoundError(f"there is no {kind}/{name}", hint="see `tradewind models list`")
    return versions[-1]
