"""Where an artefact lies, and names that cannot lead outside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tradewind.errors import ArtefactError, NotFoundError

MANIFEST_FILE: Final = "manifest.json"
SIGNATURE_FILE: Final = "manifest.sig"
POINTER_FILE: Final = "pointer.json"
INCOMING: Final = ".incoming-"
"""Begins the name of a folder that is still being written; no reader ever looks at one."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION: Final = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f]{12}")


def home(root: Path, kind: str, name: str) -> Path:
    """Returns the folder of all versions of one artefact. Raises ArtefactError for a name that is not plain."""
    for word in (kind, name):
        if not _NAME.fullmatch(word):
            raise ArtefactError(f"{word!r} is no name for an artefact", hint="lower-case letters, digits, _ and -")
    return root / kind / name


def place(root: Path, kind: str, name: str, version: str) -> Path:
    """Returns the folder of one version, which is there.

    Raises NotFoundError when it is not, ArtefactError for a word that is no version or for a link in its place.
    """
    folder = home(root, kind, name)
    if not _VERSION.fullmatch(version):
        raise ArtefactError(f"{version!r} is no version", where=f"{kind}/{name}")
    for step in (folder.parent, folder, folder / version):
        if step.is_symlink():
            raise ArtefactError("a symbolic link is refused", where=str(step))
    if not (folder / version).is_dir():
        raise NotFoundError(f"there is no version {version}", where=f"{kind}/{name}", hint=_known(folder))
    return folder / version


def versions(root: Path, kind: str, name: str) -> list[str]:
    """Returns the published versions, oldest first; half-made ones are never among them."""
    folder = home(root, kind, name)
    return sorted(path.name for path in folder.iterdir() if _is_version(path)) if folder.is_dir() else []


def artefact_names(root: Path) -> list[tuple[str, str]]:
    """Returns the (kind, name) of everything that was ever published under `root`, sorted."""
    found = (path for path in root.glob("*/*") if path.is_dir() and not path.name.startswith("."))
    return sorted((path.parent.name, path.name) for path in found)


def split_reference(reference: str) -> tuple[str, str, str]:
    """Returns kind, name and version of "kind/name/version". Raises ArtefactError."""
    parts = reference.split("/")
    if len(parts) != 3:
        raise ArtefactError(f"{reference!r} is not of the form kind/name/version")
    return parts[0], parts[1], parts[2]


def _is_version(path: Path) -> bool:
    return bool(_VERSION.fullmatch(path.name)) and path.is_dir() and not path.is_symlink()


def _known(folder: Path) -> str:
    newest = sorted(path.name for path in folder.iterdir() if _is_version(path))[-3:] if folder.is_dir() else []
    return f"newest: {', '.join(newest)}" if newest else "nothing was published under this name"
