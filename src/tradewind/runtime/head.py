"""The linear layer that reads a text's vector, as classifiers and estimators keep it beside their encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tradewind.errors import ArtefactError


def read_head(path: Path, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns `weight` (outputs, dimension) and `bias` (outputs,), float32.

    Raises ArtefactError when the file is no linear head or does not read vectors of that dimension.
    """
    try:
        head = load_file(path)
        weight, bias = head["weight"], head["bias"]
    except (OSError, SafetensorError, KeyError) as error:
        raise ArtefactError(f"not a linear head: {error}", where=str(path)) from None
    if weight.ndim != 2 or weight.shape[1] != dimension or bias.shape != weight.shape[:1]:
        raise ArtefactError(f"a head of {weight.shape} does not fit vectors of {dimension}", where=str(path))
    return weight, bias
