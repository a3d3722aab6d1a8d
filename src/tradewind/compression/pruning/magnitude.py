"""Unstructured pruning: the smallest weights of an encoder's linear layers become zero.

It makes a stored checkpoint smaller (compression/pruning/sparse_storage.py) and no query faster: a processor multiplies
by a zero as it does by any number, and the exported graph keeps its shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tradewind.compression.pruning.families import family_of
from tradewind.compression.pruning.rewriting import rewritten
from tradewind.errors import ConfigError
from tradewind.models.checkpoint import read_weights


def prune_magnitude(checkpoint: Path, share: float, out: Path) -> Path:
    """Returns `out`, a plain checkpoint in which the `share` of smallest weights is zero.

    All weight matrices inside the blocks are taken together, so that a layer of small weights loses more of them (Han,
    Pool, Tran and Dally, "Learning both Weights and Connections for Efficient Neural Networks", NeurIPS 2015); the word
    table, biases and norms stay whole. Raises ConfigError for a family that is not known or a share outside 0 to 1.
    """
    weights = read_weights(checkpoint)
    family = family_of(weights.config)
    if not 0.0 <= share < 1.0:
        raise ConfigError(f"a share of {share} of the weights cannot become zero", hint="from 0 to below 1")
    inside = {name for name, tensor in weights.tensors.items() if tensor.ndim == 2 and family.block(name)}
    least = _threshold({name: weights.tensors[name] for name in inside}, share)
    tensors = {
        name: np.where(np.abs(tensor) < least, tensor.dtype.type(0), tensor) if name in inside else tensor
        for name, tensor in weights.tensors.items()
    }
    return rewritten(checkpoint, out, tensors, weights.config)


def _threshold(tensors: Mapping[str, np.ndarray], share: float) -> float:
    """Returns the magnitude that `share` of all weights lie below."""
    sizes = np.concatenate([np.abs(tensor).ravel() for tensor in tensors.values()])
    place = int(share * len(sizes))
    return float(np.partition(sizes, place)[place])
