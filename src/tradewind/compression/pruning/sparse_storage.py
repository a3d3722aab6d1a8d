"""A checkpoint whose zeros take a bit each: how one that lost its small weights is kept and sent.

    sparse.safetensors   of a tensor T with zeros enough:
                         T::bits    uint8, one bit for every place, 1 where T has a value
                         T::values  the values there, in their order
                         T::shape   int64
                         any other tensor as it is, under its own name

Zero means the bits of +0: every number comes back as it was, −0 and NaN included. It is a form of storage only. To be
loaded or exported a checkpoint is made whole again, and then it is as large and as fast as one without zeros.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tradewind.errors import ModelError
from tradewind.models.checkpoint import (
    CONFIG_FILE,
    TOKENIZER_CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    require_checkpoint,
)
from tradewind.runtime.role_map import TOGETHER_FILE

SPARSE_FILE: Final = "sparse.safetensors"
BITS, VALUES, SHAPE = "::bits", "::values", "::shape"
_BESIDE: Final = (CONFIG_FILE, TOKENIZER_FILE, TOKENIZER_CONFIG_FILE, TOGETHER_FILE)
_OVERHEAD: Final = 256
"""What three entries in a file's header take more than one."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored checkpoint: bytes of its weights `before` and `after`, and the share of numbers that are `zero`."""

    folder: Path
    before: int
    after: int
    zero: float

    @property
    def ratio(self) -> float:
        """How much of the size is left."""
        return self.after / self.before


def store_sparse(checkpoint: Path, out: Path) -> Stored:
    """Returns what the checkpoint came to, stored in `out`; a tensor that would not be smaller stays as it is.

    Raises ModelError when `checkpoint` is none.
    """
    require_checkpoint(checkpoint)
    tensors = load_file(checkpoint / WEIGHTS_FILE)
    parts: dict[str, np.ndarray] = {}
    for name, tensor in tensors.items():
        parts |= _parted(name, tensor)
    out.mkdir(parents=True, exist_ok=True)
    save_file(parts, out / SPARSE_FILE, metadata={"format": "tradewind-sparse-1"})
    (out / SPARSE_FILE).chmod(0o644)
    _copy_beside(checkpoint, out)
    count = sum(tensor.size for tensor in tensors.values())
    zeros = sum(tensor.size - int(np.count_nonzero(tensor)) for tensor in tensors.values())
    before, after = (checkpoint / WEIGHTS_FILE).stat().st_size, (out / SPARSE_FILE).stat().st_size
    return Stored(out, before, after, zeros / max(1, count))


def restore(folder: Path, out: Path) -> Path:
    """Returns `out`, the whole checkpoint, number by number the one that was stored.

    Raises ModelError when `folder` holds no such checkpoint or its parts do not agree.
    """
    path = folder / SPARSE_FILE
    try:
        parts = load_file(path)
        names = [name for name in parts if not name.endswith((BITS, VALUES, SHAPE))]
        tensors = {name: parts[name] for name in names}
        for name in (part.removesuffix(BITS) for part in parts if part.endswith(BITS)):
            tensors[name] = _whole(parts, name)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"not a checkpoint stored without its zeros: {error}", where=str(path)) from None
    out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, out / WEIGHTS_FILE, metadata={"format": "pt"})
    (out / WEIGHTS_FILE).chmod(0o644)
    _copy_beside(folder, out)
    return out


def _parted(name: str, tensor: np.ndarray) -> dict[str, np.ndarray]:
    """Returns the three parts of a tensor, or the tensor itself where they would take more."""
    flat = np.ascontiguousarray(tensor).reshape(-1)
    there = flat.view(f"u{flat.itemsize}") != 0
    values = flat[there]
    bits = np.packbits(there)
    if values.nbytes + bits.nbytes + _OVERHEAD >= flat.nbytes:
        return {name: tensor}
    return {name + BITS: bits, name + VALUES: values, name + SHAPE: np.array(tensor.shape, np.int64)}


def _whole(parts: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    shape, values = tuple(parts[name + SHAPE]), parts[name + VALUES]
    size = int(np.prod(shape))
    bits = parts[name + BITS]
    there = np.unpackbits(bits, count=size).astype(bool)
    if len(bits) != -(-size // 8) or int(there.sum()) != len(values):
        raise ValueError(f"the parts of {name} do not agree")
    flat = np.zeros(size, values.dtype)
    flat[there] = values
    return flat.reshape(shape)


def _copy_beside(folder: Path, out: Path) -> None:
    for name in _BESIDE:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
