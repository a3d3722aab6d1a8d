"""Which blocks an encoder can best do without.

The block goes whose absence moves the vectors of some texts least, and then the next of those that are left. How far a
block moves the states says much of this already (Men et al., "ShortGPT: Layers in Large Language Models are More
Redundant Than You Expect", 2024, section 3), but blocks stand in for one another, so the vectors are made anew after
each that went.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from torch import nn
from transformers.utils import logging as transformers_logging

from tradewind.compression.pruning.families import family_of
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.models.checkpoint import read_weights
from tradewind.tasks.scoring import Role

READ: Final = 64


def chosen_blocks(
    checkpoint: Path, count: int, texts: Sequence[str], *, prefixes: Mapping[str, str], role: Role, max_tokens: int = 64
) -> tuple[int, ...]:
    """Returns the `count` blocks to keep, lowest first. About (depth² − count²) / 2 times, 64 of the `texts` at most,
    evenly taken, are read in `role`.

    Raises ConfigError when there are not so many blocks, or for a family that cannot lose any.
    """
    family = family_of(read_weights(checkpoint).config)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    encoder = load_bi_encoder(checkpoint, prefixes=prefixes, max_tokens=max_tokens)
    depth = len(encoder.blocks)
    if not 1 <= count <= depth:
        raise ConfigError(f"{count} blocks cannot be kept of {depth}")
    trial = _Trial(encoder, texts[:: max(1, -(-len(texts) // READ))], role)
    kept = list(range(depth))
    while len(kept) > count:
        droppable = [block for block in kept if block or not family.first_stays]
        kept.remove(max(droppable, key=lambda block: trial.nearness([one for one in kept if one != block])))
    return tuple(kept)


class _Trial:
    """An encoder whose blocks are taken out and put back; how near its vectors stay to those of the whole."""

    def __init__(self, encoder: BiEncoder, texts: Sequence[str], role: Role) -> None:
        self._encoder, self._texts, self._role = encoder, texts, role
        path, _, self._name = encoder.blocks[0].rpartition(".")[0].rpartition(".")
        self._parent = encoder.get_submodule(path)
        self._blocks = list(getattr(self._parent, self._name))
        self._whole = encoder.encode(texts, role)

    def nearness(self, kept: Sequence[int]) -> float:
        """Returns the mean cosine of the texts' vectors with `kept` blocks to those with all of them."""
        setattr(self._parent, self._name, nn.ModuleList(self._blocks[block] for block in kept))
        return float(np.mean((self._encoder.encode(self._texts, self._role) * self._whole).sum(axis=1)))
