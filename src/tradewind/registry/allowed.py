"""Which files an artefact of a kind may hold, and how to tell a disguised one."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from numpy.lib import format as npy

from tradewind.errors import ArtefactError
from tradewind.registry.disk import open_plain

MODEL_ENDINGS: Final = (".safetensors", ".onnx", ".onnx.data", ".json", ".txt", ".npy")
INDEX_ENDINGS: Final = (
    *(".json", ".txt", ".npy", ".safetensors", ".arrow", ".parquet", ".usearch"),
    *(".store", ".idx", ".pos", ".term", ".fast", ".fieldnorm", ".del"),
)
ENDINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "encoder": MODEL_ENDINGS,
        "classifier": MODEL_ENDINGS,
        "estimator": MODEL_ENDINGS,
        "sequence": MODEL_ENDINGS,
        "index": INDEX_ENDINGS,
        "generation": (".json",),
    }
)
"""By kind; the second line of INDEX_ENDINGS is what tantivy writes."""

TOLERATED: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"index": frozenset({".tantivy-meta.lock", ".tantivy-writer.lock"})}
)
"""Empty files that a library leaves beside its own when it opens them; not part of the artefact."""

PICKLE_PROTOCOLS: Final = frozenset(range(1, 6))
MAX_SAFETENSORS_HEADER: Final = 100_000_000


def check_allowed(kind: str, name: str, path: Path) -> None:
    """Raises ArtefactError naming the file when an artefact of this kind may not hold it.

    The ending is looked at first, then the first bytes: pickles and zip archives (what frameworks' own formats are made
    of) are refused under any name, and a .safetensors, .npy, .json or .parquet file must begin as one.
    """
    allowed = ENDINGS.get(kind, MODEL_ENDINGS)
    ending = next((ending for ending in allowed if name.endswith(ending)), None)
    if ending is None:
        raise ArtefactError(
            f"a file that {kind} artefacts may not hold", where=str(path), hint=f"allowed: {', '.join(allowed)}"
        )
    head = _head(path)
    if _is_pickle(head):
        raise ArtefactError("a pickle is refused, whatever its name", where=str(path))
    if head.startswith(b"PK\x03\x04"):
        raise ArtefactError("an archive is refused, whatever its name", where=str(path))
    check = _FORMATS.get(ending)
    if check is not None and not check(path, head):
        raise ArtefactError(f"not what its ending {ending} says", where=str(path))


def is_tolerated(kind: str, name: str, path: Path) -> bool:
    """Returns whether this is an empty lock file that a library made while reading an artefact of this kind."""
    return Path(name).name in TOLERATED.get(kind, frozenset()) and path.lstat().st_size == 0


def _head(path: Path) -> bytes:
    with os.fdopen(open_plain(path), "rb") as file:
        return file.read(64)


def _is_pickle(head: bytes) -> bool:
    return len(head) >= 2 and head[0] == 0x80 and head[1] in PICKLE_PROTOCOLS


def _is_safetensors(path: Path, head: bytes) -> bool:
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and length <= min(MAX_SAFETENSORS_HEADER, path.stat().st_size - 8)


def _is_plain_array(path: Path, _head: bytes) -> bool:
    """An array of objects is a pickle inside a .npy file."""
    with os.fdopen(open_plain(path), "rb") as file:
        try:
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            _, _, dtype = read(file)
        except (ValueError, EOFError):
            return False
    return not dtype.hasobject


def _is_json(_path: Path, head: bytes) -> bool:
    return head.lstrip()[:1] in {b"{", b"["}


def _is_parquet(_path: Path, head: bytes) -> bool:
    return head.startswith(b"PAR1")


_FORMATS: Final[Mapping[str, Callable[[Path, bytes], bool]]] = MappingProxyType(
    {".safetensors": _is_safetensors, ".npy": _is_plain_array, ".json": _is_json, ".parquet": _is_parquet}
)
