"""Named arrays in a safetensors file, memory-mapped: several processes share the pages, and nothing is executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import ArtefactError

Array = npt.NDArray[np.generic]
_TYPES: Final = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I8": "|i1", "U8": "|u1"}
_LONGEST_HEADER: Final = 1 << 20


def open_tensors(path: Path) -> dict[str, Array]:
    """Returns the file's arrays by name, read-only and mapped. Raises ArtefactError when it is not such a file.

    The format: 8 bytes, little-endian, the header's length; a JSON header of dtype, shape and byte range by name; data.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > min(size - 8, _LONGEST_HEADER):
                raise ValueError("its header is longer than the file")
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        return {name: _mapped(path, entry, 8 + length, size) for name, entry in header.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtefactError(f"not a safetensors file: {error}", where=str(path)) from error


def _mapped(path: Path, entry: Mapping[str, Any], start: int, size: int) -> Array:
    begin, end = (int(edge) for edge in entry["data_offsets"])
    shape = tuple(int(side) for side in entry["shape"])
    kind = np.dtype(_TYPES[entry["dtype"]])
    if begin < 0 or start + end > size or end - begin != int(np.prod(shape, dtype=np.int64)) * kind.itemsize:
        raise ValueError("an array's range and its shape do not agree")
    if end == begin:
        return np.zeros(shape, dtype=kind)
    mapped: Array = np.memmap(str(path), dtype=kind, mode="r", offset=start + begin, shape=shape)
    return mapped
