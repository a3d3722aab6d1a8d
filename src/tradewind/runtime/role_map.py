"""A linear map behind the encoder for the role `together`: it turns "what this is" into "what goes with it".

    together.safetensors   `weight` float32 (dimension, dimension) and `bias` float32 (dimension,)

An anchor's vector v becomes normalise(weight @ v + bias). Passages are not mapped, so an index serves every role.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tradewind.errors import ArtefactError

TOGETHER_FILE: Final = "together.safetensors"
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RoleMap:
    """The map of one role: `weight` (d, d), `bias` (d,)."""

    weight: Floats
    bias: Floats

    def apply(self, vectors: Floats) -> Floats:
        """Returns the mapped unit vectors (n, d), each independent of the others.

        One product per text: a product of all of them at once adds in another order for another number of texts.
        """
        mapped = np.array([self.weight @ vector for vector in vectors], np.float32).reshape(vectors.shape) + self.bias
        lengths = np.sqrt(np.array([row @ row for row in mapped], np.float32)).reshape(-1, 1)
        unit: Floats = np.divide(mapped, np.maximum(lengths, np.float32(1e-12)), dtype=np.float32)
        return unit


def write_role_map(role_map: RoleMap, folder: Path) -> None:
    """Writes the map into an encoder's folder."""
    save_file({"weight": role_map.weight, "bias": role_map.bias}, folder / TOGETHER_FILE)
    (folder / TOGETHER_FILE).chmod(0o644)


def read_role_map(folder: Path, dimension: int) -> RoleMap | None:
    """Returns the map in an encoder's folder, None when it has none. Raises ArtefactError for one that does not fit."""
    path = folder / TOGETHER_FILE
    if not path.is_file():
        return None
    try:
        tensors = load_file(path)
        found = RoleMap(tensors["weight"], tensors["bias"])
    except (OSError, SafetensorError, KeyError) as error:
        raise ArtefactError(f"not a role's map: {error}", where=str(path)) from None
    if found.weight.shape != (dimension, dimension) or found.bias.shape != (dimension,):
        raise ArtefactError(f"a map of {found.weight.shape} does not fit {dimension} dimensions", where=str(path))
    return found
