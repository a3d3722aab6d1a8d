"""The blocks that are kept are those without which the vectors would move most."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tradewind.compression.pruning.choosing import chosen_blocks
from tradewind.compression.pruning.families import PRUNABLE
from tradewind.compression.pruning.layers import evenly, prune_layers
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import E5_PREFIXES, load_bi_encoder

Tiny = Callable[..., Path]


def weakened(checkpoint: Path, *blocks: int) -> Path:
    """Makes these blocks of a BERT say next to nothing: what they add to their input is scaled down."""
    file = checkpoint / "model.safetensors"
    tensors = load_file(file)
    for name in tensors:
        if ".output.dense" in name and any(f"layer.{block}." in name for block in blocks):
            tensors[name] = tensors[name] * 1e-3
    save_file(tensors, file, metadata={"format": "pt"})
    return checkpoint


def test_blocks_that_say_nothing_go_first(tiny: Tiny, texts: list[str]) -> None:
    checkpoint = weakened(tiny(num_hidden_layers=5), 0, 3)
    assert chosen_blocks(checkpoint, 3, texts, prefixes=E5_PREFIXES, role="query") == (1, 2, 4)


@pytest.mark.parametrize("family", sorted(PRUNABLE))
def test_every_family_that_can_lose_blocks_can_be_asked(family: str, tiny: Tiny, texts: list[str]) -> None:
    kept = chosen_blocks(tiny(family), 2, texts, prefixes=E5_PREFIXES, role="query")
    assert len(kept) == 2 and list(kept) == sorted(kept)
    assert not PRUNABLE[family].first_stays or kept[0] == 0


def test_what_is_chosen_is_nearer_than_what_is_spread_evenly(tiny: Tiny, tmp_path: Path, texts: list[str]) -> None:
    checkpoint = weakened(tiny(num_hidden_layers=5), 0, 4)
    whole = load_bi_encoder(checkpoint).encode(texts, "query")

    def nearness(kept: tuple[int, ...]) -> float:
        pruned = prune_layers(checkpoint, kept, tmp_path / "-".join(map(str, kept)))
        return float(np.mean((load_bi_encoder(pruned).encode(texts, "query") * whole).sum(axis=1)))

    chosen = chosen_blocks(checkpoint, 3, texts, prefixes=E5_PREFIXES, role="query")
    assert nearness(chosen) > nearness(evenly(5, 3))


@pytest.mark.parametrize("count", [0, 5])
def test_more_blocks_than_there_are_are_refused(tiny: Tiny, texts: list[str], count: int) -> None:
    with pytest.raises(ConfigError, match=f"{count} blocks cannot be kept of 4"):
        chosen_blocks(tiny(), count, texts, prefixes=E5_PREFIXES, role="query")
