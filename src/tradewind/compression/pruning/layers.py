"""Fewer blocks: the ones that stay keep their weights and move together; what was between them is gone.

The blocks of a trained encoder change its states little by little, so an encoder that lost every other one still gives
vectors of sense, and is the start from which distillation (training/distil) brings them back (Sanh et al.,
"DistilBERT", 2019, section 3; Sajjad et al., "On the effect of dropping layers of pre-trained transformer models",
2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tradewind.compression.pruning.families import PrunableFamily, depth_of, family_of
from tradewind.compression.pruning.rewriting import rewritten
from tradewind.errors import ConfigError
from tradewind.models.checkpoint import read_weights


def evenly(depth: int, count: int) -> tuple[int, ...]:
    """Returns `count` of `depth` blocks, evenly spread, the lowest and (from two on) the highest among them.

    Raises ConfigError when there are not so many.
    """
    if not 1 <= count <= depth:
        raise ConfigError(f"{count} blocks cannot be kept of {depth}")
    return tuple(int(place) for place in np.rint(np.linspace(0, depth - 1, count)))


def prune_layers(checkpoint: Path, keep: Sequence[int] | int, out: Path) -> Path:
    """Returns `out`, a plain checkpoint of only the blocks `keep`, counted from 0; a number keeps so many, evenly.

    Raises ConfigError for a family that cannot lose blocks, or for blocks that are not there or not in their order.
    """
    weights = read_weights(checkpoint)
    family = family_of(weights.config)
    depth = depth_of(weights.config, family)
    kept = evenly(depth, keep) if isinstance(keep, int) else tuple(keep)
    _require(kept, depth, family)
    place = {block: new for new, block in enumerate(kept)}
    tensors = {}
    for name, tensor in weights.tensors.items():
        found = family.block(name)
        if found is None:
            tensors[name] = tensor
        elif found[0] in place:
            tensors[_moved(name, family, found[0], place[found[0]])] = tensor
    config: dict[str, Any] = dict(weights.config) | {family.depth: len(kept)}
    config |= {entry: [config[entry][block] for block in kept] for entry in family.by_place if config.get(entry)}
    return rewritten(checkpoint, out, tensors, config)


def _moved(name: str, family: PrunableFamily, block: int, to: int) -> str:
    return name.replace(f"{family.blocks}.{block}.", f"{family.blocks}.{to}.", 1)


def _require(kept: Sequence[int], depth: int, family: PrunableFamily) -> None:
    if not kept or list(kept) != sorted(set(kept)) or kept[0] < 0 or kept[-1] >= depth:
        raise ConfigError(f"the blocks {list(kept)} are not some of 0 to {depth - 1} in their order")
    if family.first_stays and kept[0] != 0:
        raise ConfigError("the first block of this family is built unlike the others", hint="keep block 0")
