"""Tiny random checkpoints of every family that can be pruned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

DEEPER = {"num_hidden_layers": 4, "max_position_embeddings": 48}
OF_FAMILY = {
    "distilbert": {"dim": 32, "n_layers": 4, "n_heads": 4, "hidden_dim": 64},
    "electra": {"embedding_size": 32},
    "modernbert": {"local_attention": 4, "global_attn_every_n_layers": 2, "bos_token_id": 0, "eos_token_id": 2},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
}


@pytest.fixture
def tiny(tiny: Callable[..., Path]) -> Callable[..., Path]:
    """Returns a function that writes a tiny checkpoint of a family, deep enough to prune, and gives its folder."""

    def write(family: str = "bert", **changes: object) -> Path:
        folder = tiny(family, **{**DEEPER, **OF_FAMILY.get(family, {}), **changes})
        (folder / "tokenizer_config.json").write_text("{}")
        return folder

    return write


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Twenty texts that a tiny tokeniser tells apart."""
    first, second = ("milk", "bread", "tea", "juice", "奶"), ("milk", "tea", "奶", "")
    return [f"{one} {other}" for one in first for other in second]
