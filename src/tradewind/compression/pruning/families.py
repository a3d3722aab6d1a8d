"""Where the parts that pruning takes away lie in each family of transformers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tradewind.errors import ConfigError

Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class PrunableFamily:
    """Names of a family's parts: `blocks` is the dotted name of its blocks, the others are relative to one block.

    `depth` and `inner` are the configuration's words for the number of blocks and the width between the two layers of
    the feed-forward half, `wide` and `narrow`. `gates`: how many rows of `wide` belong to one inner value. `by_place`
    are lists in the configuration with an entry for every block. `first_stays`: its first block is built unlike the
    others. `heads`: whether its attention can lose heads, see models/narrow.py.
    """

    blocks: str = "encoder.layer"
    depth: str = "num_hidden_layers"
    inner: str = "intermediate_size"
    wide: str = "intermediate.dense"
    narrow: str = "output.dense"
    gates: int = 1
    by_place: tuple[str, ...] = ()
    first_stays: bool = False
    heads: bool = False

    def block(self, name: str) -> tuple[int, str] | None:
        """Returns the block that a tensor belongs to and its name there; None for one outside the blocks."""
        found = re.match(rf"(?:\w+\.)?{re.escape(self.blocks)}\.(\d+)\.(.+)$", name)
        return (int(found[1]), found[2]) if found else None

    def name(self, block: int, rest: str) -> str:
        """Returns the full name of a part of a block."""
        return f"{self.blocks}.{block}.{rest}"


_BERT: Final = PrunableFamily(heads=True)
PRUNABLE: Final[Mapping[str, PrunableFamily]] = {
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "electra": _BERT,
    "mpnet": PrunableFamily(),
    "deberta-v2": PrunableFamily(),
    "distilbert": PrunableFamily(
        blocks="transformer.layer", depth="n_layers", inner="hidden_dim", wide="ffn.lin1", narrow="ffn.lin2"
    ),
    "modernbert": PrunableFamily(
        blocks="layers", wide="mlp.Wi", narrow="mlp.Wo", gates=2, by_place=("layer_types",), first_stays=True
    ),
}


def family_of(config: Mapping[str, Any], *, what: str = "blocks") -> PrunableFamily:
    """Returns the family of a configuration. Raises ConfigError for one that cannot lose `what`, naming those that can.

    `what` is "blocks", "heads" or "feed-forward width".
    """
    kind = config.get("model_type")
    able = {name: family for name, family in PRUNABLE.items() if what != "heads" or family.heads}
    if kind not in able:
        raise ConfigError(f"an encoder of type {kind!r} cannot lose {what}", hint=f"types that can: {_listed(able)}")
    return able[str(kind)]


def depth_of(config: Mapping[str, Any], family: PrunableFamily) -> int:
    """Returns how many blocks a configuration says that there are."""
    return int(config[family.depth])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
