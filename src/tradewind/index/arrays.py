"""Arrays on disk that several processes read through one memory map, and JSON beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from tradewind.errors import ArtefactError


def save_array(folder: Path, name: str, values: NDArray[Any]) -> None:
    """Writes `values` as `name`.npy, never as a pickle."""
    np.save(folder / f"{name}.npy", np.ascontiguousarray(values), allow_pickle=False)


def map_array(folder: Path, name: str) -> NDArray[Any]:
    """Returns the array written as `name`, read-only and memory-mapped. Raises ArtefactError when it is not there."""
    path = folder / f"{name}.npy"
    try:
        if path.stat().st_size <= 128:
            return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise ArtefactError(
            f"{name}.npy cannot be read: {error}", where=str(folder), hint="build the index again"
        ) from None


def save_json(folder: Path, name: str, value: Any) -> None:
    """Writes `value` as `name`.json with sorted keys."""
    (folder / f"{name}.json").write_bytes(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def load_json(folder: Path, name: str) -> Any:
    """Returns what was written as `name`. Raises ArtefactError when it is not there or not JSON."""
    path = folder / f"{name}.json"
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise ArtefactError(
            f"{path.name} cannot be read: {error}", where=str(folder), hint="build the index again"
        ) from None


def group_by_code(codes: NDArray[np.int32], count: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Returns (order, starts): positions sorted by code, and where each code 0..count-1 starts (count + 1 values).

    Codes below 0 mean "none" and are left out.
    """
    kept = np.flatnonzero(codes >= 0)
    order = kept[np.argsort(codes[kept], kind="stable")].astype(np.int32)
    sizes = np.bincount(codes[kept], minlength=count) if len(kept) else np.zeros(count, dtype=np.int64)
    return order, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
